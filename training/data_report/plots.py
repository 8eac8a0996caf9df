"""Plots of a dataset; each function returns a PNG, in base64."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from hangtag.arrays import Indices
from training.data_report.counts import RARE_PHOTOS
from training.evaluate.plots.canvas import new_figure, to_png
from training.evaluate.plots.names import drawable

_MOST_BARS = 30
_BAR_IN = 0.19
_WIDTH_IN = 4.7
_MOST_PHOTOS_A_PRODUCT = 12
_BLUE, _RED = "steelblue", "#a3130b"


def plot_label_counts(labels: Sequence[Mapping[str, Any]]) -> str:
    """Bars of one group's labels, the most frequent ones on top; rare ones are red."""
    ordered = sorted(labels, key=lambda label: -int(label["photos"]))
    shown, rest = ordered[:_MOST_BARS], ordered[_MOST_BARS:]
    names = [drawable(str(label["name"])) for label in shown]
    counts = [int(label["photos"]) for label in shown]
    figure = new_figure(_WIDTH_IN, _BAR_IN * (len(shown) + bool(rest)) + 0.7)
    axes = figure.subplots()
    colours = [_RED if count < RARE_PHOTOS else _BLUE for count in counts]
    axes.barh(range(len(shown)), counts, color=colours)
    for place, (count, colour) in enumerate(zip(counts, colours, strict=True)):
        axes.text(count, place, f" {count:,}", va="center", fontsize=7,
                  color=_RED if colour == _RED else "black")  # fmt: skip
    axes.set_yticks(range(len(shown)), names, fontsize=7)
    axes.set_ylim(len(shown) + (0.5 if rest else -0.4), -0.6)
    axes.set_xlim(0, 1.15 * max(*counts, 1))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(axis="x", labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    if rest:
        most = f"{int(rest[0]['photos']):,}"
        axes.text(0, len(shown), f" and {len(rest)} more, at most {most} photos", va="center",
                  fontsize=7, color="dimgrey")  # fmt: skip
    return to_png(figure)


def plot_photos_a_product(by_photos: Mapping[str, int]) -> str:
    """Bars of how many products have one photo, two, and so on."""
    products = np.zeros(_MOST_PHOTOS_A_PRODUCT, np.int64)
    for photos, count in by_photos.items():
        products[min(int(photos), _MOST_PHOTOS_A_PRODUCT) - 1] += count
    last = int(np.flatnonzero(products)[-1]) + 1
    names = [str(number + 1) for number in range(last)]
    if last == _MOST_PHOTOS_A_PRODUCT:
        names[-1] += " or more"
    figure = new_figure(_WIDTH_IN, 2.8)
    axes = figure.subplots()
    bars = axes.bar(names, products[:last], color=_BLUE, width=0.6)
    axes.bar_label(bars, [f"{count:,}" for count in products[:last]], fontsize=8)
    axes.set(xlabel="photos of a product", ylabel="products", xlim=(-0.8, last - 0.2))
    axes.margins(y=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    return to_png(figure)


def plot_sizes(sizes_px: Indices, model_side_px: int) -> str:
    """Width against height, one dot a size: the larger, the more photos have it."""
    sizes, photos = np.unique(sizes_px, axis=0, return_counts=True)
    figure = new_figure(_WIDTH_IN, 4.2)
    axes = figure.subplots()
    areas = 6 + 400 * photos / photos.sum()
    axes.scatter(sizes[:, 0], sizes[:, 1], s=areas, alpha=0.5, color=_BLUE, linewidths=0)
    side = np.array([min(sizes.min(), model_side_px) / 1.6, 1.6 * max(sizes.max(), model_side_px)])
    axes.plot(side, side, color="lightgrey", linewidth=1, zorder=0)
    axes.plot([side[0], model_side_px, model_side_px], [model_side_px, model_side_px, side[0]],
              color="grey", linestyle="--", linewidth=1)  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="width, px", ylabel="height, px", xlim=side, ylim=side)
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
    return to_png(figure)
