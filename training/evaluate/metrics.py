"""Measures a tagger on photos that it has not seen."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from hangtag.arrays import BoolArray, FloatArray
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import select_tags

_TOP = 3


def evaluate(
    scores: FloatArray, targets: FloatArray, thresholds: FloatArray, label_space: LabelSpace
) -> dict[str, Any]:
    """Return all figures of one split.

    Parameters
    ----------
    scores : float32 (N, L)
    targets : float32 (N, L), 1, 0, or NaN where unknown; unknown entries do not count
    thresholds : float32 (L,)

    Returns
    -------
    `micro_f1`, `macro_f1`, `samples_f1`, `map` (macro and mAP over labels that occur), `groups`
    (exclusive groups: accuracy of the best label, how often the true one is among the best three,
    accuracy of always saying the most frequent one, photos), `labels` (F1, precision, recall,
    average precision and photos by label).
    """
    known = ~np.isnan(targets)
    true = np.nan_to_num(targets) > 0.5
    tags = select_tags(scores, thresholds, label_space) & known
    occurring = np.flatnonzero(true.any(axis=0))
    labels = [_label_figures(scores[:, i], true[:, i], tags[:, i], known[:, i]) for i in occurring]
    return {
        "photos": len(scores),
        "micro_f1": float(_f1(true, tags)),
        "macro_f1": _mean([label["f1"] for label in labels]),
        "samples_f1": float(_f1(true, tags, axis=1).mean()),
        "map": _mean([label["average_precision"] for label in labels]),
        "groups": {
            group.name: _group_figures(
                scores, true, known, label_space.indices_of_group(group.name)
            )
            for group in label_space.groups
            if group.exclusive
        },
        "labels": {
            str(label_space.labels[i].id): figures
            for i, figures in zip(occurring, labels, strict=True)
        },
    }


def micro_f1(
    scores: FloatArray, targets: FloatArray, thresholds: FloatArray, label_space: LabelSpace
) -> float:
    """Return the micro-F1 of scores (N, L), as `evaluate` does, and nothing else."""
    known = ~np.isnan(targets)
    tags = select_tags(scores, thresholds, label_space) & known
    return float(_f1(np.nan_to_num(targets) > 0.5, tags))


def _label_figures(
    scores: FloatArray, true: BoolArray, tags: BoolArray, known: BoolArray
) -> dict[str, float]:
    hits = int((true & tags).sum())
    return {
        "f1": float(_f1(true[known], tags[known])),
        "precision": hits / max(int(tags.sum()), 1),
        "recall": hits / max(int(true.sum()), 1),
        "average_precision": float(average_precision_score(true[known], scores[known])),
        "photos": int(true.sum()),
    }


def _f1(true: BoolArray, tags: BoolArray, axis: int | None = None) -> npt.NDArray[np.float64]:
    """Return 2 TP / (true + predicted), 0 where there is neither."""
    # Not scikit-learn's, which takes a single column for a choice between two classes.
    hits = (true & tags).sum(axis=axis)
    either = true.sum(axis=axis) + tags.sum(axis=axis)
    f1: npt.NDArray[np.float64] = 2 * hits / np.maximum(either, 1)
    return f1


def _group_figures(
    scores: FloatArray, true: BoolArray, known: BoolArray, indices: tuple[int, ...]
) -> dict[str, float | None]:
    columns = list(indices)
    rows = known[:, columns].all(axis=1) & (true[:, columns].sum(axis=1) == 1)
    if not rows.any():
        return {"accuracy": None, "top3": None, "majority": None, "photos": 0}
    ranked = np.argsort(-scores[rows][:, columns], axis=1, kind="stable")
    actual = true[rows][:, columns].argmax(axis=1)
    right = ranked == actual[:, None]
    return {
        "accuracy": float(right[:, 0].mean()),
        "top3": float(right[:, :_TOP].any(axis=1).mean()),
        "majority": float(np.bincount(actual).max() / len(actual)),
        "photos": int(rows.sum()),
    }


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0
