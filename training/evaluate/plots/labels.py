"""Each label's F1 against how often the tagger has seen it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from training.evaluate.plots.canvas import name_curves, new_figure, to_png
from training.evaluate.plots.names import drawable

_NAMED = 20
# The room that a name takes.
_NAME_DECADES = 0.25
_NAME_F1 = 0.03


def plot_labels(labels: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """F1 of the labels that occur among the test photos, against their train photos."""
    return to_png(draw_labels(labels, groups, "train_photos", "train photos"))


def draw_labels(
    labels: Mapping[str, Any], groups: Mapping[str, Any], count: str, count_title: str
) -> Figure:
    """Draw the F1 of the labels that occur; the most surprising ones are named.

    Parameters
    ----------
    labels : figures by label: `f1` (None: not measured), `name`, `group`, test `photos`, and the
        count
    groups : by name, with their `title`
    count : the figure that tells how many photos F1 is drawn against, and `count_title` its name
    """
    figure = new_figure(9, 5.5)
    axes = figure.subplots()
    occurring = [
        {**label, "count": max(label[count], 1)}
        for label in labels.values()
        if label["photos"] and label["f1"] is not None
    ]
    for name, group in groups.items():
        points = [label for label in occurring if label["group"] == name]
        if points:
            axes.scatter(
                [label["count"] for label in points],
                [label["f1"] for label in points],
                s=20,
                alpha=0.8,
                label=drawable(group["title"]),
            )
    _name_the_surprising(axes, occurring)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel=count_title, ylabel="F1 on test photos", ylim=(-0.03, 1.05))
    axes.grid(alpha=0.3)
    name_curves(axes, "lower right")
    return figure


def _name_the_surprising(axes: Axes, labels: list[dict[str, Any]]) -> None:
    """Name the labels that are missed most although there are many photos of them.

    Of those that lie so near to each other that their names would overlap, only the first.
    """
    named: list[tuple[float, float]] = []
    for label in sorted(labels, key=lambda each: (each["f1"] - 1) * each["count"] ** 0.5):
        x, y = label["count"], label["f1"]
        place = (np.log10(x), y)
        if len(named) == _NAMED:
            break
        if any(abs(place[0] - a) < _NAME_DECADES and abs(y - b) < _NAME_F1 for a, b in named):
            continue
        named.append(place)
        axes.annotate(
            drawable(label["name"]), (x, y), xytext=(4, 3), textcoords="offset points", fontsize=7
        )
