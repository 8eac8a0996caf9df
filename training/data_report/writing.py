"""Reads a dataset folder, measures, draws and writes its page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import write_whole
from hangtag.images.limits import ImageLimits
from training.data import Problem
from training.data_report.counts import group_figures, label_figures, product_figures
from training.data_report.dataset import SIZE_PX, ReportedDataset, read_reported
from training.data_report.label_errors import Judgement, judge_labels, write_label_errors
from training.data_report.near_duplicates import Conflicts, find_conflicts, near_duplicate_metrics
from training.data_report.page import Pictures, render
from training.data_report.photo_files import PhotoFiles, file_figures, read_photo_files
from training.data_report.plots import plot_label_counts, plot_photos_a_product, plot_sizes
from training.data_report.sheets import (
    conflict_boxes,
    error_sheets,
    look_alike_boxes,
    sample_boxes,
    sampled_group,
)

PAGE = "report.html"
FIGURES = "report.json"
LABEL_ERRORS = "label_errors.csv"
# The version changes where a key changes its meaning.
FORMAT_VERSION = 1
_EXAMPLES_PER_KIND = 5


@dataclass(frozen=True)
class Written:
    """Where the page lies, and what it says in short; `label_errors` is None if not looked for."""

    page: Path
    photos: int
    problems: int
    conflicts: int
    label_errors: int | None


def write_data_report(data: Path, out: Path, folds: int | None, limits: ImageLimits) -> Written:
    """Write report.html, report.json and, with scores, label_errors.csv.

    Parameters
    ----------
    data : dataset folder of any known layout
    out : folder that they go to; what is there of these names is replaced
    folds : parts that the photos are scored in; None looks for no label errors
    limits : what a photo may cost

    Raises
    ------
    DataInvalid : if the folder cannot be read, or has no photo that can be used.
    WeightsUnavailable : if there are no weights to score with.
    """
    dataset = read_reported(data, limits)
    files = read_photo_files([photo.path for photo in dataset.photos])
    conflicts = find_conflicts(dataset)
    judgements = _judge(dataset, folds) if folds else None
    figures = _figures(dataset, files, conflicts, judgements, folds)
    with Progress(transient=True) as progress:
        progress.add_task("Drawing the page", total=None)
        pictures = _draw(dataset, files, figures, conflicts, judgements or {})
        html = render(data.resolve().name, figures, pictures)
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    with writing_into(out):
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / FIGURES, text + "\n")
        write_whole(out / PAGE, html)
        if judgements is None:
            # That of an earlier report would not belong to this page.
            (out / LABEL_ERRORS).unlink(missing_ok=True)
        else:
            write_label_errors(judgements, dataset, out / LABEL_ERRORS)
    return Written(
        page=out / PAGE,
        photos=len(dataset.photos),
        problems=len(dataset.problems),
        conflicts=sum(each["conflicts"] for each in figures["twins"].values()),
        label_errors=None
        if judgements is None
        else sum(len(each.errors) for each in judgements.values()),
    )


def _judge(dataset: ReportedDataset, folds: int) -> dict[str, Judgement]:
    # Imported late: without scores nobody should wait for torch.
    from training.data_report.out_of_fold import out_of_fold_scores
    from training.fit.loggers import quieten

    quieten()
    return judge_labels(dataset, out_of_fold_scores(dataset, folds))


def _figures(
    dataset: ReportedDataset,
    files: PhotoFiles,
    conflicts: Conflicts,
    judgements: Mapping[str, Judgement] | None,
    folds: int | None,
) -> dict[str, Any]:
    alike = np.bincount(dataset.look_alikes)
    return {
        "format_version": FORMAT_VERSION,
        "label_space": dataset.label_space.version,
        "photos": len(dataset.photos),
        "products": product_figures(dataset),
        "kept_together": len(np.unique(dataset.kept_together)),
        "groups": group_figures(dataset),
        "labels": label_figures(dataset),
        "files": file_figures(files, SIZE_PX),
        "copies": [[dataset.file_name(row) for row in rows] for rows in files.copies],
        "look_alikes": {"sets": int((alike > 1).sum()), "photos": int(alike[alike > 1].sum())},
        "twins": near_duplicate_metrics(dataset, conflicts),
        "conflicts": {
            name: [[dataset.file_name(row) for row in rows] for rows in sets]
            for name, sets in conflicts.items()
        },
        "folds": folds,
        "label_errors": None
        if judgements is None
        else {name: judgement.figures() for name, judgement in judgements.items()},
        "problems": _problem_figures(dataset.problems),
    }


def _problem_figures(problems: Sequence[Problem]) -> dict[str, Any]:
    kinds: dict[str, list[dict[str, str]]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(asdict(problem))
    return {
        "count": len(problems),
        "kinds": {
            kind: {"count": len(all_of_it), "examples": all_of_it[:_EXAMPLES_PER_KIND]}
            for kind, all_of_it in kinds.items()
        },
        "all": [asdict(problem) for problem in problems],
    }


def _draw(
    dataset: ReportedDataset,
    files: PhotoFiles,
    figures: Mapping[str, Any],
    conflicts: Conflicts,
    judgements: Mapping[str, Judgement],
) -> Pictures:
    labels = figures["labels"].values()
    sampled = sampled_group(dataset)
    return Pictures(
        label_counts={
            name: plot_label_counts([label for label in labels if label["group"] == name])
            for name in dataset.group_names
        },
        photos_a_product=plot_photos_a_product(figures["products"]["by_photos"]),
        sizes=plot_sizes(files.sizes_px, SIZE_PX),
        look_alikes=look_alike_boxes(dataset),
        conflicts=conflict_boxes(dataset, conflicts),
        errors=error_sheets(dataset, judgements),
        sampled_group=sampled,
        samples=sample_boxes(dataset, sampled),
    )
