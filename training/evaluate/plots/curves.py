"""Precision against recall, and against how much is accepted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import precision_recall_curve

from hangtag.arrays import BoolArray
from training.evaluate.evaluated import Evaluated
from training.evaluate.plots.canvas import name_curves, new_figure, to_png, unit_square
from training.evaluate.plots.names import drawable

_MOST_POINTS = 400


def plot_precision_recall(evaluated: Evaluated) -> str:
    """Curves over all labels together (black) and over those of each group; dots are the tags."""
    figure = new_figure(7.5, 5.5)
    axes = figure.subplots()
    everything = np.arange(len(evaluated.label_space))
    _draw_curve(axes, evaluated, everything, "all labels", color="black", linewidth=2.2)
    for name in evaluated.nonempty_groups:
        columns = np.array(evaluated.label_space.indices_of_group(name))
        _draw_curve(axes, evaluated, columns, drawable(evaluated.label_space.group(name).title))
    unit_square(axes, "recall", "precision")
    name_curves(axes)
    return to_png(figure)


def _draw_curve(axes: Axes, evaluated: Evaluated, columns: Any, label: str, **style: Any) -> None:
    known, true = evaluated.known[:, columns], evaluated.true[:, columns]
    tags = evaluated.tags[:, columns]
    if not true.any():
        return
    precision, recall, _ = precision_recall_curve(true[known], evaluated.scores[:, columns][known])
    # Recall falls: evenly spaced in it, for most thresholds lie where there is little to see.
    shown = np.unique(np.searchsorted(-recall, -np.linspace(0, 1, _MOST_POINTS)))
    (line,) = axes.plot(recall[shown], precision[shown], label=label, **style)
    axes.plot(*_operating_point(true, tags & known), "o", color=line.get_color(), markersize=6)


def _operating_point(true: BoolArray, tags: BoolArray) -> tuple[float, float]:
    hits = (true & tags).sum()
    return float(hits / max(true.sum(), 1)), float(hits / max(tags.sum(), 1))


def plot_abstention(groups: Mapping[str, Any], target_precision: float) -> str:
    """Precision against the share accepted; dots are what the bundle's thresholds accept."""
    figure = new_figure(7.5, 5)
    axes = figure.subplots()
    lowest = target_precision
    for group in groups.values():
        curve, accepted = group["abstention"]["curve"], group["abstention"]["accepted"]
        if not curve["share"]:
            continue
        (line,) = axes.plot(curve["share"], curve["precision"], label=drawable(group["title"]))
        lowest = min(lowest, *curve["precision"])
        if accepted["photos"]:
            axes.plot(accepted["share"], accepted["precision"], "o", color=line.get_color())
    axes.axhline(target_precision, color="grey", linestyle="--", linewidth=1)
    unit_square(axes, "share of photos accepted", "precision of what is accepted")
    axes.set_ylim(max(0, lowest - 0.03), 1.01)
    name_curves(axes)
    return to_png(figure)
