"""Pictures of a training run."""

import csv
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from hangtag.label_space import LabelSpace
from training.evaluate.evaluated import Evaluated
from training.evaluate.plots.canvas import name_curves, new_figure, save
from training.evaluate.plots.labels import draw_labels
from training.evaluate.plots.names import drawable

_SHEET_PHOTOS = 12
_SHEET_LINES = 10
# More would be a picture that nobody can draw.
_MOST_GROUPS = 40


def plot_learning_curves(logs: Sequence[Path], path: Path) -> None:
    """Loss and validation micro-F1 by epoch, from Lightning's csv logs, one for each attempt.

    A quick run has none, and gets no picture.
    """
    rows = [
        row for log in logs for row in csv.DictReader(log.read_text(encoding="utf-8").splitlines())
    ]
    if not rows:
        return
    figure = new_figure(11, 4)
    losses, f1 = figure.subplots(1, 2)
    for name in ("train_loss", "val_loss"):
        losses.plot(*_series(rows, name), marker="o", markersize=3, label=name)
    losses.set(xlabel="epoch", ylabel="loss (sum over labels, mean over photos)")
    name_curves(losses, "upper right")
    f1.plot(*_series(rows, "val_micro_f1"), marker="o", markersize=3, color="tab:green")
    f1.set(xlabel="epoch", ylabel="validation micro-F1 at 0.5", ylim=(0, 1))
    for axes in (losses, f1):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    save(figure, path)


def plot_groups(metrics: Mapping[str, Any], path: Path) -> None:
    """Accuracy of each exclusive group, beside always saying its most frequent label."""
    measured = (item for item in metrics["groups"].items() if item[1]["accuracy"] is not None)
    groups = dict(islice(measured, _MOST_GROUPS))
    positions = np.arange(len(groups))
    figure = new_figure(1.2 * len(groups) + 3, 4)
    axes = figure.subplots()
    for offset, figure_name, colour in (
        (-0.2, "majority", "lightgrey"),
        (0.2, "accuracy", "tab:blue"),
    ):
        bars = axes.bar(
            positions + offset,
            [each[figure_name] for each in groups.values()],
            width=0.38,
            label=figure_name,
            color=colour,
        )
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set_xticks(positions, [drawable(name) for name in groups])
    axes.set(ylim=(0, 1.1), title=f"Accuracy on {metrics['photos']:,} test photos")
    name_curves(axes, "lower right")
    save(figure, path)


def plot_labels(metrics: Mapping[str, Any], label_space: LabelSpace, path: Path) -> None:
    """F1 of each label against the number of its test photos."""
    known = {str(label.id): {"name": label.name, "group": label.group}
             for label in label_space.labels}  # fmt: skip
    labels = {key: {**known[key], **figures} for key, figures in metrics["labels"].items()}
    groups = {group.name: {"title": group.title} for group in label_space.groups}
    save(draw_labels(labels, groups, "photos", "test photos"), path)


def plot_predictions(evaluated: Evaluated, path: Path) -> None:
    """A sheet of photos with predicted tags (score), wrong ones in red, missed ones in grey."""
    figure = new_figure(15, 9)
    axes = figure.subplots(3, 4)
    for axis in axes.flat:
        axis.axis("off")
    shown = list(zip(evaluated.sheet_rows, evaluated.sheet_pixels, strict=True))[:_SHEET_PHOTOS]
    for axis, (row, pixels) in zip(axes.flat, shown, strict=False):
        axis.imshow(pixels.transpose(1, 2, 0))
        for number, (text, colour) in enumerate(_lines(evaluated, row)):
            axis.text(1.02, 0.97 - 0.09 * number, text, color=colour, fontsize=7,
                      transform=axis.transAxes, va="top")  # fmt: skip
    save(figure, path)


def _lines(evaluated: Evaluated, row: int) -> list[tuple[str, str]]:
    scores, tags, targets = (
        each[row] for each in (evaluated.scores, evaluated.tags, evaluated.targets)
    )
    lines = []
    for index in np.flatnonzero(tags | (targets == 1)):
        name = drawable(evaluated.label_space.labels[index].name)
        if not tags[index]:
            lines.append((f"{name} missed {scores[index]:.2f}", "grey"))
        else:
            colour = {1.0: "green", 0.0: "red"}.get(float(targets[index]), "black")
            lines.append((f"{name} {scores[index]:.2f}", colour))
    if len(lines) > _SHEET_LINES:
        more = len(lines) - _SHEET_LINES
        lines = [*lines[:_SHEET_LINES], (f"and {more} more", "grey")]
    return lines


def _series(rows: Sequence[Mapping[str, str]], name: str) -> tuple[list[int], list[float]]:
    # Of an epoch that was repeated after an interruption, the later values count.
    points = {int(row["epoch"]) + 1: float(row[name]) for row in rows if row.get(name)}
    return list(points), list(points.values())
