"""All figures of a tagger on its test photos, as they go into report.json."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from hangtag.arrays import DoubleArray
from training.evaluate.abstention import abstention
from training.evaluate.coverage import set_coverage
from training.evaluate.evaluated import Evaluated
from training.evaluate.group_answers import group_answers
from training.evaluate.hierarchy import hierarchy_figures
from training.evaluate.reliability import reliability
from training.evaluate.resampling import INTERVAL, Resamples, interval, intervals
from training.evaluate.retrieval import retrieval_figures
from training.evaluate.slices import apart_by_title, slice_figures
from training.evaluate.summary_metrics import LOWER_IS_BETTER, summary_metrics

# As in the bundle: the version changes where a key changes its meaning.
FORMAT_VERSION = 1


def figures_of(evaluated: Evaluated, resamples: Resamples) -> dict[str, Any]:
    """Return all figures but the summary metrics and the comparison, as plain values of json."""
    metrics = evaluated.metrics
    return {
        "format_version": FORMAT_VERSION,
        "photos": len(evaluated),
        "near_duplicate_groups": len(np.unique(evaluated.duplicate_groups)),
        "train_photos": evaluated.train_photos,
        "interval": INTERVAL,
        "bootstrap_rounds": resamples.weights.shape[1] - 1,
        "target_precision": evaluated.target_precision,
        "groups": _groups(evaluated, metrics, resamples),
        "labels": _labels(evaluated, metrics),
        "hierarchy": hierarchy_figures(evaluated, resamples),
        "apart_by_title": apart_by_title(evaluated, resamples),
        "slices": slice_figures(evaluated, resamples),
        "retrieval": retrieval_figures(evaluated, resamples),
    }


def comparison(
    evaluated: Evaluated, others: Mapping[str, Evaluated], resamples: Resamples
) -> dict[str, Any]:
    """Return the summary metrics of a tagger, and those of others on the same photos.

    `headline`: each with its interval; `baselines`: by name, their `headline`, and how far the
    tagger is `ahead`, with the interval of the paired difference.
    """
    own = summary_metrics(evaluated, resamples)
    return {
        "headline": intervals(own),
        "baselines": {
            name: _beside(own, summary_metrics(other, resamples)) for name, other in others.items()
        },
    }


def _beside(own: Mapping[str, DoubleArray], theirs: Mapping[str, DoubleArray]) -> dict[str, Any]:
    return {
        "headline": intervals(theirs),
        "ahead": {
            name: interval(
                theirs[name] - own[name] if name in LOWER_IS_BETTER else own[name] - theirs[name],
                least=-1,
            )
            for name in own
        },
    }


def _groups(
    evaluated: Evaluated, metrics: Mapping[str, Any], resamples: Resamples
) -> dict[str, Any]:
    groups = {}
    for name in evaluated.nonempty_groups:
        answers = group_answers(evaluated, name)
        measured = metrics["groups"].get(name, {})
        groups[name] = {
            "title": answers.group.title,
            "exclusive": answers.group.exclusive,
            "labels": len(answers.columns),
            "known_photos": len(answers.rows),
            **measured,
            "lift": _lift(measured),
            "calibration": reliability(answers),
            "abstention": abstention(answers, evaluated.target_precision),
            "sets": set_coverage(evaluated, answers, resamples),
            "twins": _twins(evaluated, name),
        }
    return groups


def _twins(evaluated: Evaluated, name: str) -> dict[str, Any] | None:
    twins = evaluated.twins.get(name)
    return asdict(twins) if twins else None


def _lift(measured: Mapping[str, Any]) -> float | None:
    """Return how many times as often right as always saying the most frequent label."""
    if not measured.get("photos"):
        return None
    return float(measured["accuracy"] / measured["majority"])


def _labels(evaluated: Evaluated, metrics: Mapping[str, Any]) -> dict[str, Any]:
    labels = {}
    for index, label in enumerate(evaluated.label_space.labels):
        accept = float(evaluated.accept_thresholds[index])
        labels[str(label.id)] = {
            "name": label.name,
            "group": label.group,
            "train_photos": int(evaluated.train_counts[index]),
            "threshold": float(evaluated.tag_thresholds[index]),
            "accept_threshold": accept if np.isfinite(accept) else None,
            "photos": 0,
            **metrics["labels"].get(str(label.id), {}),
        }
    return labels
