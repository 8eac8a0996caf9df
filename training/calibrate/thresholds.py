"""Tunes when a label becomes a tag, and when one without review."""

import math

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from hangtag.arrays import BoolArray, FloatArray
from hangtag.bundle import LabelDecision
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import select_tags

# Fewer examples than this say too little about one label: its whole group decides instead.
_MIN_EXAMPLES = 20
# With fewer candidates, a label's own precision cannot be told apart from a little less.
_MIN_CANDIDATES = 200
# How many thresholds are tried for `accept`, from the surest quarter of the candidates down.
_ACCEPT_STEPS = 40
_UNTUNED = 0.5
# How sure it is that what is accepted is as precise as was asked for.
_CONFIDENCE = 0.9


def expected_tag_thresholds(
    scores: FloatArray, known: BoolArray, label_space: LabelSpace
) -> FloatArray:
    """Return (L,): half of the best F1 of each label that the scores themselves lead to expect.

    A tag raises a label's F1 if its score is more than half of the best F1 (Lipton et al. 2014,
    https://arxiv.org/abs/1402.1892, for calibrated scores). What that F1 is, the scores of all
    photos tell with less noise than the few photos on which most labels hold. Labels with few
    expected examples take the threshold of their group: by its own F1, a label of which a network
    knows nothing would best be a tag everywhere.

    Parameters
    ----------
    scores : float32 (N, L), calibrated
    known : bool (N, L), whether it is known if a label holds
    """
    usable = _candidates(scores, label_space) & known
    positives = np.where(known, scores, 0).sum(axis=0, dtype=np.float64)
    thresholds = np.full(len(label_space), _UNTUNED, np.float32)
    for group in label_space.groups:
        indices = list(label_space.indices_of_group(group.name))
        thresholds[indices] = _half_of_best_f1(
            scores[:, indices][usable[:, indices]], positives[indices].sum()
        )
        for index in indices:
            if positives[index] >= _MIN_EXAMPLES:
                thresholds[index] = _half_of_best_f1(
                    scores[usable[:, index], index], positives[index]
                )
    return thresholds


def best_tag_thresholds(
    scores: FloatArray, targets: FloatArray, label_space: LabelSpace
) -> FloatArray:
    """Return (L,): the threshold with the best F1 of each label on these photos.

    For scores that no temperature makes calibrated.

    Parameters
    ----------
    scores : float32 (N, L), of validation photos
    targets : float32 (N, L), 1, 0, or NaN where unknown
    """
    usable = _candidates(scores, label_space) & ~np.isnan(targets)
    thresholds = np.full(len(label_space), _UNTUNED, np.float32)
    for group in label_space.groups:
        indices = list(label_space.indices_of_group(group.name))
        pooled = _best_f1_threshold(scores[:, indices], targets[:, indices], usable[:, indices])
        for index in indices:
            column = scores[:, index], targets[:, index], usable[:, index]
            enough = np.nansum(targets[:, index]) >= _MIN_EXAMPLES
            thresholds[index] = _best_f1_threshold(*column) if enough else pooled
    return thresholds


def tune_accept_thresholds(
    scores: FloatArray, targets: FloatArray, label_space: LabelSpace, target_precision: float
) -> FloatArray:
    """Return (L,): the lowest score from which on a label is right often enough, or infinity.

    Often enough: the lower end of the one-sided 90% confidence interval of the precision (Clopper
    and Pearson 1934) is at least `target_precision`. Labels with few examples take the threshold
    at which this holds for all labels of their group together.

    Parameters
    ----------
    scores : float32 (N, L), of calibration photos
    targets : float32 (N, L), 1, 0, or NaN where unknown
    """
    usable = _candidates(scores, label_space) & ~np.isnan(targets)
    thresholds = np.full(len(label_space), np.inf, np.float32)
    for group in label_space.groups:
        indices = list(label_space.indices_of_group(group.name))
        pooled = _precision_threshold(
            scores[:, indices], targets[:, indices], usable[:, indices], target_precision
        )
        for index in indices:
            column = scores[:, index], targets[:, index], usable[:, index]
            enough = usable[:, index].sum() >= _MIN_CANDIDATES
            own = _precision_threshold(*column, target_precision) if enough else pooled
            thresholds[index] = np.inf if own is None else own
    return thresholds


def label_decisions(
    tag: FloatArray, accept: FloatArray, label_space: LabelSpace
) -> tuple[LabelDecision, ...]:
    """Return the thresholds (L,) as the bundle holds them; none is accepted that is no tag."""
    return tuple(
        LabelDecision(
            id=label.id,
            threshold=round(float(tag[index]), 6),
            accept_threshold=(
                round(float(max(accept[index], tag[index])), 6)
                if np.isfinite(accept[index])
                else None
            ),
        )
        for index, label in enumerate(label_space.labels)
    )


def _candidates(scores: FloatArray, label_space: LabelSpace) -> BoolArray:
    """Return what can become a tag at all: in an exclusive group only the best label."""
    return select_tags(scores, np.zeros(scores.shape[1], np.float32), label_space)


def _half_of_best_f1(scores: FloatArray, positives: float) -> float:
    """Return half of the highest F1 = 2 TP / (predicted + positives), by expected TP."""
    ranked = np.sort(scores.astype(np.float64))[::-1]
    predicted = np.arange(1, len(ranked) + 1)
    return float((ranked.cumsum() / (predicted + positives)).max()) if len(ranked) else _UNTUNED


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
    """Return the lowest threshold from which on the precision is surely high enough.

    Fixed-sequence testing (Maurer et al. 1995): a few thresholds, from high to low, until the first
    that fails. Of all that pass, the lowest would often have passed by luck.
    """
    ranked, hits = _ranked(scores, targets, usable)
    cuts = _cuts(ranked)
    # Fewer could not pass even if all were right.
    least = math.ceil(math.log(1 - _CONFIDENCE) / math.log(target_precision))
    first = max(len(ranked) // 4, least)
    if first > len(ranked):
        return None
    counts = np.linspace(first, len(ranked), _ACCEPT_STEPS).astype(int)
    tried = np.unique(cuts[np.searchsorted(cuts, counts - 1)])
    passed = _precision_at_least(hits[tried], tried + 1) >= target_precision
    passes = int(np.cumprod(passed).sum())
    return _below(ranked, int(tried[passes - 1])) if passes else None


def _precision_at_least(
    hits: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the lower ends of the confidence intervals of hits / counts."""
    lowest: npt.NDArray[np.float64] = beta.ppf(1 - _CONFIDENCE, hits, counts - hits + 1)
    return np.nan_to_num(lowest)  # NaN: no hits


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
    # Below the lowest score that was seen, nothing is known.
    after = ranked[min(last + 1, len(ranked) - 1)]
    return math.floor(float(ranked[last] + after) / 2 * 1e6) / 1e6
