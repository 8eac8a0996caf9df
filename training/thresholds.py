"""Tunes, on validation photos, when a label becomes a tag and when one without review."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hangtag.bundle import LabelDecision
from hangtag.decisions import BoolArray, FloatArray, select_tags
from hangtag.label_space import LabelSpace

# Fewer examples than this say too little about one label: its whole group decides instead.
_MIN_EXAMPLES = 20
_UNTUNED = 0.5


def tune_thresholds(
    scores: FloatArray, targets: FloatArray, label_space: LabelSpace, target_precision: float
) -> tuple[LabelDecision, ...]:
    """Return the thresholds of each label, in the order of the label space.

    `threshold` gives the best F1 of the label; `accept_threshold` is the lowest score from which
    on the label is right with at least `target_precision`.

    Parameters
    ----------
    scores : float32 (N, L)
    targets : float32 (N, L), 1, 0, or NaN where unknown
    """
    # What can become a tag at all: in an exclusive group only the best label.
    candidates = select_tags(scores, np.zeros(scores.shape[1], np.float32), label_space)
    known = ~np.isnan(targets)
    decisions: dict[int, LabelDecision] = {}
    for group in label_space.groups:
        indices = list(label_space.indices_of_group(group.name))
        group_f1 = _best_f1_threshold(
            scores[:, indices], targets[:, indices], (candidates & known)[:, indices]
        )
        group_accept = _precision_threshold(
            scores[:, indices],
            targets[:, indices],
            (candidates & known)[:, indices],
            target_precision,
        )
        for index in indices:
            usable = candidates[:, index] & known[:, index]
            column = scores[:, index], targets[:, index], usable
            enough = np.nansum(targets[:, index]) >= _MIN_EXAMPLES
            threshold = _best_f1_threshold(*column) if enough else group_f1
            enough = usable.sum() >= _MIN_EXAMPLES
            accept = _precision_threshold(*column, target_precision) if enough else group_accept
            decisions[index] = LabelDecision(
                id=label_space.labels[index].id,
                threshold=round(threshold, 6),
                accept_threshold=None if accept is None else round(max(accept, threshold), 6),
            )
    return tuple(decisions[index] for index in range(len(label_space)))


def _best_f1_threshold(scores: FloatArray, targets: FloatArray, usable: BoolArray) -> float:
    """Return the threshold with the highest F1 = 2 TP / (predicted + positives)."""
    ranked, hits = _ranked(scores, targets, usable)
    positives = float(np.nansum(targets))
    if not len(ranked) or positives == 0:
        return _UNTUNED
    cuts = _cuts(ranked)
    f1 = 2 * hits[cuts] / (cuts + 1 + positives)
    return _below(ranked, int(cuts[f1.argmax()]))


def _precision_threshold(
    scores: FloatArray, targets: FloatArray, usable: BoolArray, target_precision: float
) -> float | None:
    """Return the lowest threshold whose precision on at least _MIN_EXAMPLES is high enough."""
    ranked, hits = _ranked(scores, targets, usable)
    cuts = _cuts(ranked)
    counts = cuts + 1
    good = cuts[(hits[cuts] / counts >= target_precision) & (counts >= _MIN_EXAMPLES)]
    return _below(ranked, int(good[-1])) if len(good) else None


def _ranked(
    scores: FloatArray, targets: FloatArray, usable: BoolArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the usable scores from high to low, and the true positives down to each."""
    order = np.argsort(-scores[usable], kind="stable")
    ranked = scores[usable][order].astype(np.float64)
    return ranked, np.cumsum(targets[usable][order], dtype=np.float64)


def _cuts(ranked: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the last position of each score: no threshold divides equal ones."""
    return np.flatnonzero(np.diff(ranked, append=-1.0))


def _below(ranked: npt.NDArray[np.float64], last: int) -> float:
    """Return a threshold that just lets the score at `last` through: half-way to the next one."""
    after = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    return float((ranked[last] + after) / 2)
