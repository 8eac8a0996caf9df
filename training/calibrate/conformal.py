"""Prediction sets: thresholds that keep a product's own labels at a coverage that was asked for."""

import math

import numpy as np

from hangtag.arrays import FloatArray
from hangtag.bundle import GroupSet, PredictionSets
from hangtag.label_space import Group, LabelSpace


def fit_prediction_sets(
    scores: FloatArray, targets: FloatArray, label_space: LabelSpace, coverage: float
) -> PredictionSets:
    """Return the threshold of each group's set.

    Parameters
    ----------
    scores : float32 (N, L), of calibration photos, which nothing else was fitted on
    targets : float32 (N, L), 1, 0, or NaN where unknown
    coverage : in an exclusive group, the share of products whose label is in the set; in others,
        the share of a product's labels that are
    """
    return PredictionSets(
        coverage=coverage,
        groups=tuple(
            GroupSet(
                group=group.name,
                threshold=_threshold(scores, targets, label_space, group, coverage),
            )
            for group in label_space.groups
        ),
    )


def _threshold(
    scores: FloatArray, targets: FloatArray, label_space: LabelSpace, group: Group, coverage: float
) -> float | None:
    columns = list(label_space.indices_of_group(group.name))
    scores, holds = scores[:, columns], targets[:, columns] == 1
    rows = holds.sum(axis=1) == 1 if group.exclusive else holds.any(axis=1)
    if group.exclusive:
        return _split_conformal(scores[rows][holds[rows]], 1 - coverage)
    return _risk_control(np.where(holds, scores, np.nan)[rows], 1 - coverage)


def _split_conformal(true_scores: FloatArray, error: float) -> float | None:
    """Return the floor(error * (n + 1))-th smallest score of the true labels (n,).

    Least ambiguous sets, Sadinle et al. 2019, https://arxiv.org/abs/1609.00451: a new photo's true
    label scores at least that in 1 - error of cases.
    """
    # 1 - 0.9 is a little less than 0.1.
    rank = math.floor(error * (len(true_scores) + 1) + 1e-9)
    return float(np.sort(true_scores)[rank - 1]) if rank else None


def _risk_control(true_scores: FloatArray, error: float) -> float | None:
    """Return the highest threshold that loses at most `error` of a photo's labels on average.

    Conformal risk control, Angelopoulos et al. 2022, https://arxiv.org/abs/2208.02814: the share
    of missed labels, averaged over n photos, must satisfy (n * risk + 1) / (n + 1) <= error.

    true_scores : (n, labels), NaN for labels that do not hold
    """
    count = len(true_scores)
    allowed_risk = (error * (count + 1) - 1) / max(count, 1)
    if allowed_risk <= 0:
        return None
    per_photo = (~np.isnan(true_scores)).sum(axis=1, keepdims=True)
    shares = np.broadcast_to(1 / per_photo, true_scores.shape)[~np.isnan(true_scores)]
    values = true_scores[~np.isnan(true_scores)]
    order = np.argsort(values)
    # Missed on average, if all scores up to each one were left out.
    risks = np.cumsum(shares[order]) / count
    first_too_many = int(np.searchsorted(risks, allowed_risk, side="right"))
    return float(values[order][min(first_too_many, len(values) - 1)])
