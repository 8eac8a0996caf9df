"""What so few test photos measure that it would mislead is no figure: None takes its place."""

from collections.abc import Mapping
from typing import Any

# On fewer, one photo more or less is a tenth or more of every figure.
LEAST_TEST_PHOTOS = 10

_OVERALL = ("micro_f1", "macro_f1", "samples_f1", "map")
_OF_GROUP = ("accuracy", "top3", "majority", "lift")
_OF_LABEL = ("f1", "precision", "recall", "average_precision")
_NO_INTERVAL = {"value": None, "low": None, "high": None}
_NO_CALIBRATION: dict[str, Any] = {
    "ece": None,
    "chance_ece": None,
    "chance_ece_95": None,
    "bins": [],
}
_NO_ABSTENTION: dict[str, Any] = {
    "curve": {"share": [], "precision": []},
    "share_at_target": None,
    "accepted": None,
}


def enough(photos: int) -> bool:
    """Whether so many test photos say anything."""
    return photos >= LEAST_TEST_PHOTOS


def measurable_metrics(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics of `evaluate` without those of too few photos."""
    measured = enough(metrics["photos"]) and metrics["labels"]
    overall = {} if measured else dict.fromkeys(_OVERALL)
    return {
        **metrics,
        **overall,
        "groups": {name: _group(each) for name, each in metrics["groups"].items()},
        "labels": _labels(metrics),
    }


def measurable_report(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of report.json without those of too few photos."""
    few = [name for name, each in figures["groups"].items() if not enough(_photos_of(each))]
    return {
        **figures,
        "least_test_photos": LEAST_TEST_PHOTOS,
        "groups": {name: _reported_group(each) for name, each in figures["groups"].items()},
        "labels": _labels(figures),
        "hierarchy": {
            **figures["hierarchy"],
            "families": [_intervals(each) for each in figures["hierarchy"]["families"]],
        },
        "slices": {name: _intervals(each) for name, each in figures["slices"].items()},
        "retrieval": _or_none(figures["retrieval"]),
        "apart_by_title": _beside(figures["apart_by_title"], few),
        "headline": _summary_metrics(figures["headline"], figures["photos"], few),
        "baselines": {
            name: {
                key: _summary_metrics(each[key], figures["photos"], few)
                for key in ("headline", "ahead")
            }
            for name, each in figures["baselines"].items()
        },
    }


def _photos_of(group: Mapping[str, Any]) -> int:
    return int(group["photos"] if group["exclusive"] else group["known_photos"])


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {**group, **({} if enough(group["photos"]) else dict.fromkeys(_OF_GROUP[:3]))}


def _reported_group(group: Mapping[str, Any]) -> dict[str, Any]:
    if enough(_photos_of(group)):
        return dict(group)
    return {
        **group,
        **{name: None for name in _OF_GROUP if name in group},
        "calibration": _NO_CALIBRATION,
        "abstention": _NO_ABSTENTION,
        "sets": None,
    }


def _labels(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Of a label few photos are usual, and stand beside it; of all labels they say nothing."""
    if enough(figures["photos"]):
        return dict(figures["labels"])
    return {
        name: {**label, **{key: None for key in _OF_LABEL if key in label}}
        for name, label in figures["labels"].items()
    }


def _summary_metrics(
    summary_metrics: Mapping[str, Any], photos: int, few_groups: list[str]
) -> dict[str, Any]:
    hidden = {f"accuracy.{name}" for name in few_groups}
    return {
        name: each if enough(photos) and name not in hidden else _NO_INTERVAL
        for name, each in summary_metrics.items()
    }


def _beside(stricter: Mapping[str, Any] | None, few_groups: list[str]) -> dict[str, Any] | None:
    if stricter is None or not enough(stricter["photos"]):
        return None
    summary_metrics = _summary_metrics(stricter["headline"], stricter["photos"], few_groups)
    return {**stricter, "headline": summary_metrics}


def _intervals(figures: Mapping[str, Any]) -> dict[str, Any]:
    if enough(figures["photos"]):
        return dict(figures)
    return {name: _NO_INTERVAL if isinstance(each, dict) else each
            for name, each in figures.items()}  # fmt: skip


def _or_none(figures: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(figures) if figures and enough(figures["photos"]) else None
