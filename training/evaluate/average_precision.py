"""Average precision of many resamples at once."""

import numpy as np

from hangtag.arrays import BoolArray, DoubleArray, FloatArray
from training.evaluate.resampling import ratio


def average_precisions(scores: FloatArray, true: BoolArray, weights: FloatArray) -> DoubleArray:
    """Return the average precision of one label in each resample, NaN where it never holds.

    The same as scikit-learn's `average_precision_score` with each column of `weights`, a hundred
    times faster: photos are sorted once, and only those that have the label are looked at twice.

    Parameters
    ----------
    scores : float32 (n,)
    true : bool (n,)
    weights : float32 (n, 1 + R), how often each photo was drawn

    Returns
    -------
    float64 (1 + R,)
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.flatnonzero(true[order])
    # Photos of equal score are found together: what counts is what is found at the last of them.
    last_alike = np.searchsorted(-ranked, -ranked[hits], side="right") - 1
    # Nothing depends on what comes after the last photo that has the label.
    needed = order[: last_alike[-1] + 1] if len(hits) else order[:0]
    found = np.cumsum(weights[needed], axis=0)[last_alike].astype(np.float64)
    hit_weights = weights[order[hits]].astype(np.float64)
    last_hit_alike = np.searchsorted(hits, last_alike, side="right") - 1
    hits_found = np.cumsum(hit_weights, axis=0)[last_hit_alike]
    precisions = ratio(hits_found, found)
    return ratio(np.nansum(hit_weights * precisions, axis=0), hit_weights.sum(axis=0))
