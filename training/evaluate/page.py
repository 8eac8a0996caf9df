"""The evaluation page: one html file that needs nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.measurable import enough
from training.evaluate.evaluated import Evaluated
from training.evaluate.look import page_environment
from training.evaluate.mistakes import ShownPhoto, as_they_come, show, worst_mistakes
from training.evaluate.plots import (
    plot_abstention,
    plot_confusion,
    plot_labels,
    plot_precision_recall,
    plot_reliability,
)
from training.evaluate.slices import RARE_TRAIN_PHOTOS
from training.evaluate.summary_metrics import ACCURACY

_TITLES = {
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "samples_f1": "samples-F1",
    "map": "mAP",
    "exact_match": "all exclusive groups right",
    "ece": "ECE (the lower the better)",
}


@dataclass(frozen=True)
class Pictures:
    """The page's pictures as base64 PNGs, and its sheets; None where there is nothing to draw."""

    precision_recall: str | None
    reliability: str | None
    abstention: str
    labels: str
    confusion: Mapping[str, str]
    samples: tuple[ShownPhoto, ...]
    worst: tuple[ShownPhoto, ...]


def draw(evaluated: Evaluated, figures: Mapping[str, Any]) -> Pictures:
    """Draw all pictures of the page."""
    groups = figures["groups"]
    measured = enough(len(evaluated))
    confusion = {
        name: plot_confusion(evaluated, name)
        for name in evaluated.exclusive_groups
        if enough(groups[name]["photos"])
    }
    return Pictures(
        precision_recall=plot_precision_recall(evaluated) if measured else None,
        reliability=plot_reliability(groups),
        abstention=plot_abstention(groups, evaluated.target_precision),
        labels=plot_labels(figures["labels"], groups),
        confusion={name: picture for name, picture in confusion.items() if picture},
        samples=tuple(show(evaluated, row) for row in as_they_come(evaluated)),
        worst=tuple(show(evaluated, row, mistakes_only=True) for row in worst_mistakes(evaluated)),
    )


def render(name: str, figures: Mapping[str, Any], pictures: Pictures) -> str:
    """Return the html of a run of that name."""
    environment = page_environment(Path(__file__).parent)
    environment.filters |= {"figure": _figure, "signed": _signed}
    return environment.get_template("page.html.jinja").render(
        name=name,
        figures=figures,
        pictures=pictures,
        titles=_summary_metrics_titles(figures),
        rare_train_photos=RARE_TRAIN_PHOTOS,
    )


def _summary_metrics_titles(figures: Mapping[str, Any]) -> dict[str, str]:
    accuracies = {
        f"{ACCURACY}{name}": f"accuracy of {group['title']}"
        for name, group in figures["groups"].items()
        if group["exclusive"]
    }
    return {**_TITLES, **accuracies}


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")
