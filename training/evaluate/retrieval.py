"""Whether photos that look alike to the embedding are alike in their labels."""

from typing import Any

import numpy as np
import numpy.typing as npt

from hangtag.arrays import BoolArray, FloatArray, Indices
from training.evaluate.evaluated import Evaluated
from training.evaluate.group_answers import group_answers
from training.evaluate.hierarchy import lowest_level
from training.evaluate.resampling import Resamples, interval

_SHOWN = 10
_RECALL_AT = 5
_BLOCK = 512
_COLOURS = ("colour", "color")


def retrieval_figures(
    evaluated: Evaluated, resamples: Resamples, groups: tuple[str, ...] | None = None
) -> dict[str, Any] | None:
    """Return how well each test photo finds others with the same labels; None if it cannot.

    Parameters
    ----------
    evaluated : of N photos, with embeddings (N, E)
    groups : exclusive groups that must agree; default `retrieval_groups`

    Returns
    -------
    `recall_at_5`: the share of photos with at least one of the same labels among the five nearest
    by cosine; `map_at_10`: the mean of (the precision at each hit among the ten nearest, summed)
    / min(10, the hits that there are). A photo does not find its near-duplicates, which would be
    too easy, and photos that have nothing to find are left out.
    """
    groups = retrieval_groups(evaluated) if groups is None else groups
    if evaluated.embeddings is None or not groups:
        return None
    rows, codes = _photos_with_labels(evaluated, groups)
    relevant, findable = _nearest_relevant(
        _unit(evaluated.embeddings[rows]), codes, evaluated.duplicate_groups[rows]
    )
    counted = np.zeros(len(evaluated), np.bool_)
    counted[rows] = findable > 0
    if not counted.any():
        return None
    found, precision = np.zeros(len(evaluated)), np.zeros(len(evaluated))
    found[rows] = relevant[:, :_RECALL_AT].any(axis=1)
    precision[rows] = _average_precision_at_shown(relevant, findable)
    return {
        "groups": list(groups),
        "photos": int(counted.sum()),
        "recall_at_5": interval(resamples.mean(found, counted)),
        "map_at_10": interval(resamples.mean(precision, counted)),
    }


def retrieval_groups(evaluated: Evaluated) -> tuple[str, ...]:
    """Return the lowest level of the first hierarchy, and the first colour group."""
    lowest = lowest_level(evaluated)
    colours = [
        name
        for name in evaluated.exclusive_groups
        if name != lowest and any(word in name.casefold() for word in _COLOURS)
    ]
    return (*((lowest,) if lowest else ()), *colours[:1])


def _photos_with_labels(evaluated: Evaluated, groups: tuple[str, ...]) -> tuple[Indices, Indices]:
    """Return rows (n,) with one label in each group, and these labels (n, groups)."""
    labels = np.full((len(evaluated), len(groups)), -1, np.int64)
    for place, name in enumerate(groups):
        answers = group_answers(evaluated, name)
        rows = answers.rows[answers.labelled]
        labels[rows, place] = answers.true[answers.labelled].argmax(axis=1)
    rows = np.flatnonzero((labels >= 0).all(axis=1))
    return rows, labels[rows]


def _nearest_relevant(
    vectors: FloatArray, labels: Indices, duplicate_groups: Indices
) -> tuple[BoolArray, Indices]:
    """Return (n, 10): whether each of the nearest is relevant, best first; (n,): how many are."""
    count = len(vectors)
    relevant, findable = np.zeros((count, _SHOWN), np.bool_), np.zeros(count, np.int64)
    for start in range(0, count, _BLOCK):
        block = slice(start, start + _BLOCK)
        others = duplicate_groups[block, None] != duplicate_groups
        same = (labels[block, None] == labels).all(axis=2) & others
        similarity = np.where(others, vectors[block] @ vectors.T, -np.inf)
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :_SHOWN]
        relevant[block, : nearest.shape[1]] = np.take_along_axis(same, nearest, axis=1)
        findable[block] = same.sum(axis=1)
    return relevant, findable


def _average_precision_at_shown(relevant: BoolArray, findable: Indices) -> npt.NDArray[np.float64]:
    precisions = np.cumsum(relevant, axis=1) / np.arange(1, _SHOWN + 1)
    best_possible = np.clip(findable, 1, _SHOWN)
    mean: npt.NDArray[np.float64] = (precisions * relevant).sum(axis=1) / best_possible
    return mean


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit
