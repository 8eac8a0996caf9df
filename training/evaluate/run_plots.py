"""Pictures of a training run."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import BoolArray, FloatArray
from training.evaluate.plots.canvas import name_curves
from training.evaluate.plots.labels import draw_labels
from training.evaluate.plots.names import drawable

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

# A label may be called `$$`, which is no formula.
mpl.rcParams["text.parse_math"] = False
_DPI = 130
SHEET_PHOTOS = 12
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
    figure, (losses, f1) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for name in ("train_loss", "val_loss"):
        losses.plot(*_series(rows, name), marker="o", markersize=3, label=name)
    losses.set(xlabel="epoch", ylabel="loss (sum over labels, mean over photos)")
    name_curves(losses, "upper right")
    f1.plot(*_series(rows, "val_micro_f1"), marker="o", markersize=3, color="tab:green")
    f1.set(xlabel="epoch", ylabel="validation micro-F1 at 0.5", ylim=(0, 1))
    for axes in (losses, f1):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _save(figure, path)


def plot_groups(metrics: Mapping[str, Any], path: Path) -> None:
    """Accuracy of each exclusive group, beside always saying its most frequent label."""
    measured = (item for item in metrics["groups"].items() if item[1]["accuracy"] is not None)
    groups = dict(islice(measured, _MOST_GROUPS))
    positions = np.arange(len(groups))
    figure, axes = plt.subplots(figsize=(1.2 * len(groups) + 3, 4), layout="constrained")
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
    _save(figure, path)


def plot_labels(metrics: Mapping[str, Any], label_space: LabelSpace, path: Path) -> None:
    """F1 of each label against the number of its test photos."""
    known = {str(label.id): {"name": label.name, "group": label.group}
             for label in label_space.labels}  # fmt: skip
    labels = {key: {**known[key], **figures} for key, figures in metrics["labels"].items()}
    groups = {group.name: {"title": group.title} for group in label_space.groups}
    draw_labels(labels, groups, "photos", "test photos").savefig(path, dpi=_DPI)


def plot_predictions(
    pixels: npt.NDArray[np.uint8],
    scores: FloatArray,
    tags: BoolArray,
    targets: FloatArray,
    label_space: LabelSpace,
    path: Path,
) -> None:
    """A sheet of photos with predicted tags (score), wrong ones in red, missed ones in grey.

    pixels uint8 (N, 3, S, S); scores, tags and targets (N, L).
    """
    count = min(SHEET_PHOTOS, len(pixels))
    figure, axes = plt.subplots(3, 4, figsize=(15, 9), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, row in zip(axes.flat, range(count), strict=False):
        axis.imshow(pixels[row].transpose(1, 2, 0))
        lines = _lines(scores[row], tags[row], targets[row], label_space)
        for number, (text, colour) in enumerate(lines):
            axis.text(1.02, 0.97 - 0.09 * number, text, color=colour, fontsize=7,
                      transform=axis.transAxes, va="top")  # fmt: skip
    _save(figure, path)


def _lines(
    scores: FloatArray, tags: BoolArray, targets: FloatArray, label_space: LabelSpace
) -> list[tuple[str, str]]:
    lines = []
    for index in np.flatnonzero(tags | (targets == 1)):
        name = drawable(label_space.labels[index].name)
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


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)
