"""Writes what a run's test photos show: metrics, scores, plots, and the evaluation page."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from rich.progress import Progress

from hangtag.arrays import FloatArray
from hangtag.errors import DataInvalid
from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import whole_file, write_whole
from hangtag.label_space import LabelSpace
from training.data import ProductPhoto
from training.data.measurable import measurable_metrics, measurable_report
from training.evaluate.baselines import majority, type_lookup
from training.evaluate.evaluated import Evaluated
from training.evaluate.page import draw, render
from training.evaluate.plots.run import (
    plot_groups,
    plot_labels,
    plot_learning_curves,
    plot_predictions,
)
from training.evaluate.report_metrics import comparison, figures_of
from training.evaluate.resampling import ROUNDS, Resamples
from training.evaluate.table import results_table
from training.layout import LOG, METRICS, REPORT_METRICS, REPORT_PAGE, TEST_SCORES
from training.tables import print_table

_STEPS = 4
_NOBODY: Mapping[str, Evaluated] = MappingProxyType({})


def write_report(
    evaluated: Evaluated,
    folder: Path,
    beside: Mapping[str, Evaluated] = _NOBODY,
    rounds: int = ROUNDS,
) -> Path:
    """Write report.html and report.json into a run's folder and return the path of the page.

    Parameters
    ----------
    evaluated : the tagger
    folder : the run's; its name becomes the page's title
    beside : other taggers by name, measured on the same photos, to be compared with; the majority
        and the type lookup are always among them
    rounds : of the bootstrap

    Raises
    ------
    DataInvalid : if another tagger was measured on other photos or labels.
    DiskFull : if there is no space; the page of before is still there.
    """
    for name, other in beside.items():
        _require_same_photos(name, evaluated, other)
    with Progress() as progress:
        task = progress.add_task("Evaluation: resampling", total=_STEPS)
        resamples = Resamples(evaluated.duplicate_groups, rounds)
        figures = figures_of(evaluated, resamples)
        progress.update(task, advance=1, description="Evaluation: comparing")
        figures |= comparison(evaluated, {**_baselines(evaluated), **beside}, resamples)
        figures = measurable_report(figures)
        progress.update(task, advance=1, description="Evaluation: drawing")
        pictures = draw(evaluated, figures)
        progress.update(task, advance=1, description="Evaluation: writing")
        text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
        page = folder / REPORT_PAGE
        with writing_into(folder):
            write_whole(folder / REPORT_METRICS, text + "\n")
            write_whole(page, render(folder.resolve().name, figures, pictures))
        progress.update(task, advance=1, description="Evaluation")
    return page


def write_results(evaluated: Evaluated, photos: Sequence[ProductPhoto], run_folder: Path) -> None:
    """Write metrics.json, test_scores.csv and the plots of a run's test photos; print the table.

    photos : N, as `evaluated` has them
    """
    label_space, metrics = evaluated.label_space, measurable_metrics(evaluated.metrics)
    write_whole(run_folder / METRICS, json.dumps(metrics, indent=1) + "\n")
    write_scores(photos, evaluated.scores, label_space, run_folder / TEST_SCORES)
    logs = sorted((run_folder / LOG).glob("*/metrics.csv"))
    plot_learning_curves(logs, run_folder / "learning_curves.png")
    plot_groups(metrics, run_folder / "groups.png")
    plot_labels(metrics, label_space, run_folder / "labels.png")
    plot_predictions(evaluated, run_folder / "predictions.png")
    print_table(results_table(metrics, label_space))


def write_scores(
    photos: Sequence[ProductPhoto], scores: FloatArray, label_space: LabelSpace, path: Path
) -> None:
    """Write scores (N, L) as a table of a row a photo and a column a label."""
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(label.id for label in label_space.labels)])
        for photo, row in zip(photos, scores, strict=True):
            writer.writerow([photo.path, *(f"{score:.6f}" for score in row)])


def _baselines(evaluated: Evaluated) -> dict[str, Evaluated]:
    looked_up = type_lookup(evaluated)
    return {
        "majority": majority(evaluated),
        **({"type lookup": looked_up} if looked_up else {}),
    }


def _require_same_photos(name: str, evaluated: Evaluated, other: Evaluated) -> None:
    same = (
        other.label_space == evaluated.label_space
        and other.paths == evaluated.paths
        and np.array_equal(other.targets, evaluated.targets, equal_nan=True)
    )
    if not same:
        raise DataInvalid(
            f"{name} was measured on other photos or labels: train it on the same split."
        )
