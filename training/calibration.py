"""Fits, on calibration photos, how sure the scores of each group may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from hangtag.decisions import FloatArray, sigmoid
from hangtag.family_scoring import FamilyScorer, family_indices
from hangtag.label_space import LabelSpace
from hangtag.scoring import GroupScoring
from training.settings import Loss

_LOWEST, _HIGHEST = 0.1, 10.0
# A few photos that happen to be right would make all scores sure.
_LEAST_PHOTOS = 30
# Of a score; its logarithm must stay finite.
_CERTAIN = 1e-7


def fit_scoring(
    logits: FloatArray, targets: FloatArray, label_space: LabelSpace, loss: Loss
) -> tuple[GroupScoring, ...]:
    """Return the scoring of each group, with the temperature of the lowest cross-entropy.

    Temperature scaling: Guo et al. 2017, https://arxiv.org/abs/1706.04599.

    Parameters
    ----------
    logits : float32 (N, L)
    targets : float32 (N, L), 1, 0, or NaN where unknown
    loss : what the logits were taught by
    """
    softmax = loss == "softmax"
    temperatures: dict[str, float] = {}
    for family in label_space.families if softmax else ():
        temperatures |= _fit_family(logits, targets, label_space, family)
    for group in label_space.groups:
        if group.name not in temperatures:
            indices = list(label_space.indices_of_group(group.name))
            temperatures[group.name] = _fit_group(logits[:, indices], targets[:, indices])
    return tuple(
        GroupScoring(
            group=group.name,
            activation="softmax" if softmax and group.exclusive else "sigmoid",
            temperature=temperatures[group.name],
        )
        for group in label_space.groups
    )


def _fit_family(
    logits: FloatArray, targets: FloatArray, label_space: LabelSpace, family: Sequence[str]
) -> dict[str, float]:
    """Return the temperature of each level, from the top down: each is fitted below those above."""
    temperatures = dict.fromkeys(family, 1.0)
    for level in family:
        temperatures[level] = _fit_level(logits, targets, label_space, temperatures, level)
    return temperatures


def _fit_level(
    logits: FloatArray,
    targets: FloatArray,
    label_space: LabelSpace,
    temperatures: Mapping[str, float],
    level: str,
) -> float:
    own = list(label_space.indices_of_group(level))
    known = ~np.isnan(targets[:, own]).any(axis=1)
    if known.sum() < _LEAST_PHOTOS:
        return 1.0
    family = list(temperatures)
    indices = family_indices(label_space, family)
    places = np.flatnonzero(np.isin(indices, own))

    def misfit(temperature: float) -> float:
        scorer = FamilyScorer(label_space, family, {**temperatures, level: temperature})
        scores = scorer.scores(logits[known][:, indices])
        return _of_best(scores[:, places], targets[known][:, own])

    return _lowest(misfit)


def _fit_group(logits: FloatArray, targets: FloatArray) -> float:
    known = ~np.isnan(targets)
    if known.any(axis=1).sum() < _LEAST_PHOTOS:
        return 1.0
    return _lowest(
        lambda temperature: _cross_entropy(
            sigmoid(logits[known] / np.float32(temperature)), targets[known]
        )
    )


def _lowest(misfit: Callable[[float], float]) -> float:
    found = minimize_scalar(
        lambda power: misfit(math.exp(power)),
        bounds=(math.log(_LOWEST), math.log(_HIGHEST)),
        method="bounded",
    )
    return round(float(math.exp(found.x)), 4)


def _of_best(scores: FloatArray, targets: FloatArray) -> float:
    """Return the cross-entropy of how sure the best label (N, T) is against whether it is right.

    That is what is acted on; over all labels, those that noisy labels rule out would count most.
    """
    best = scores.argmax(axis=1)[:, None]
    return _cross_entropy(*(np.take_along_axis(each, best, axis=1) for each in (scores, targets)))


def _cross_entropy(scores: FloatArray, truth: FloatArray) -> float:
    """Return the binary cross-entropy, on average.

    As if one in n + 2 were wrong, as Platt (1999) does: of n that all are right, one must not
    conclude that none ever will be wrong.
    """
    doubt = 1 / (truth.size + 2)
    soft = truth * (1 - doubt) + doubt / 2
    sure = np.clip(scores.astype(np.float64), _CERTAIN, 1 - _CERTAIN)
    losses = -soft * np.log(sure) - (1 - soft) * np.log1p(-sure)
    return float(losses.sum() / truth.size)
