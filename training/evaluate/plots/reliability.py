"""Scores against how often they are right."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from training.evaluate.plots.canvas import new_figure, to_png, unit_square
from training.evaluate.plots.names import drawable

_COLUMNS = 4
_SIDE_IN = 2.9


def plot_reliability(groups: Mapping[str, Any]) -> str | None:
    """A reliability diagram of each group; None where no photo is known of any."""
    shown = [group for group in groups.values() if group["calibration"]["bins"]]
    if not shown:
        return None
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(_SIDE_IN * columns, _SIDE_IN * rows + 0.2)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.axis("off")
    for axes, group in zip(grid.flat, shown, strict=False):
        _draw_group(axes, group["title"], group["calibration"])
    figure.supxlabel("score of the best label", fontsize=10)
    figure.supylabel("how often it is right", fontsize=10)
    return to_png(figure)


def _draw_group(axes: Axes, title: str, calibration: Mapping[str, Any]) -> None:
    bins = calibration["bins"]
    photos = sum(each["photos"] for each in bins)
    width = bins[0]["high"] - bins[0]["low"]
    axes.bar(
        [each["low"] for each in bins],
        [each["photos"] / photos for each in bins],
        width=width,
        align="edge",
        color="lightsteelblue",
    )
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    axes.plot([each["score"] for each in bins], [each["right"] for each in bins], color="tab:blue")
    axes.scatter(
        [each["score"] for each in bins],
        [each["right"] for each in bins],
        s=[8 + 120 * each["photos"] / photos for each in bins],
        color="tab:blue",
        zorder=3,
        clip_on=False,
    )
    unit_square(axes, "", "")
    error, by_chance = calibration["ece"], calibration["chance_ece"]
    axes.set_title(f"{drawable(title)}\nECE {error:.3f}, by chance {by_chance:.3f}", fontsize=9)
