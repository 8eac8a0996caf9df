"""Measures, draws and writes the evaluation page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from rich.progress import Progress

from hangtag.errors import DataInvalid
from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import write_whole
from training.data.measurable import measurable_report
from training.evaluate.baselines import majority, type_lookup
from training.evaluate.evaluated import Evaluated
from training.evaluate.page import draw, render
from training.evaluate.report_metrics import comparison, figures_of
from training.evaluate.resampling import ROUNDS, Resamples

PAGE = "report.html"
FIGURES = "report.json"
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
        page = folder / PAGE
        with writing_into(folder):
            write_whole(folder / FIGURES, text + "\n")
            write_whole(page, render(folder.resolve().name, figures, pictures))
        progress.update(task, advance=1, description="Evaluation")
    return page


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
