"""What a run leaves for people: a table, a json, plots, and the scores of its test photos."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table
from rich.text import Text

from hangtag.files.whole_file import whole_file, write_whole
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import FloatArray, select_tags
from training.data import ProductPhoto
from training.data.measurable import LEAST_TEST_PHOTOS
from training.evaluate.run_plots import (
    plot_groups,
    plot_labels,
    plot_learning_curves,
    plot_predictions,
)
from training.tables import print_table

LOG = "log"
METRICS = "metrics.json"
TEST_SCORES = "test_scores.csv"


def write_results(
    photos: Sequence[ProductPhoto],
    pixels: npt.NDArray[np.uint8],
    targets: FloatArray,
    scores: FloatArray,
    thresholds: FloatArray,
    metrics: Mapping[str, Any],
    label_space: LabelSpace,
    run_folder: Path,
) -> None:
    """Write metrics.json, test_scores.csv and the plots of the test photos, and print the table.

    photos (N), pixels uint8 (N, 3, S, S), targets and scores (N, L), thresholds (L,).
    """
    write_whole(run_folder / METRICS, json.dumps(metrics, indent=1) + "\n")
    _write_scores(photos, scores, label_space, run_folder / TEST_SCORES)
    plot_learning_curves(
        sorted((run_folder / LOG).glob("*/metrics.csv")), run_folder / "learning_curves.png"
    )
    plot_groups(metrics, run_folder / "groups.png")
    plot_labels(metrics, label_space, run_folder / "labels.png")
    tags = select_tags(scores, thresholds, label_space)
    plot_predictions(pixels, scores, tags, targets, label_space, run_folder / "predictions.png")
    print_table(results_table(metrics, label_space))


def describe_success(metrics: Mapping[str, Any]) -> str:
    """Return in half a sentence how good a tagger is."""
    photos = f"{metrics['photos']:,} photo{'' if metrics['photos'] == 1 else 's'}"
    if metrics["micro_f1"] is None:
        return f"how good it is, {photos} cannot tell (at least {LEAST_TEST_PHOTOS} are needed)"
    return f"micro-F1 {metrics['micro_f1']:.3f} on {photos} that it had not seen"


def results_table(metrics: Mapping[str, Any], label_space: LabelSpace) -> Table:
    """Return the figures of a run as a table."""
    table = Table(title=f"On {metrics['photos']:,} test photos, none of them seen in training")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("most frequent label", justify="right")
    for name, title in (
        ("micro_f1", "micro-F1"),
        ("macro_f1", "macro-F1"),
        ("samples_f1", "samples-F1"),
        ("map", "mAP"),
    ):
        table.add_row(title, _figure(metrics[name]), "")
    for name, figures in metrics["groups"].items():
        accuracy = Text(f"accuracy of {label_space.group(name).title}")
        table.add_row(accuracy, _figure(figures["accuracy"]), _figure(figures["majority"]))
    return table


def _figure(value: float | None) -> str:
    return "too few photos" if value is None else f"{value:.3f}"


def _write_scores(
    photos: Sequence[ProductPhoto], scores: FloatArray, label_space: LabelSpace, path: Path
) -> None:
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(label.id for label in label_space.labels)])
        for photo, row in zip(photos, scores, strict=True):
            writer.writerow([photo.path, *(f"{score:.6f}" for score in row)])
