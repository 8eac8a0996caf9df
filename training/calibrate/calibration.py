"""Fits, on photos that were not learned from, how sure the scores of each group may be."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from hangtag.arrays import BoolArray, FloatArray
from hangtag.label_space import Group, LabelSpace
from hangtag.scoring.decisions import select_tags
from hangtag.scoring.scorer import GroupScoring, Scorer
from training.model.losses import initial_scoring
from training.settings import LossName

_LOWEST, _HIGHEST = 0.1, 10.0
# A few photos that happen to be right would make all scores sure.
_LEAST_PHOTOS = 30
# Of a score; its logarithm must stay finite.
_CERTAIN = 1e-7


def fit_scoring(
    logits: FloatArray, targets: FloatArray, label_space: LabelSpace, loss: LossName
) -> tuple[GroupScoring, ...]:
    """Return the scoring of each group, with the temperature of the lowest cross-entropy.

    Temperature scaling: Guo et al. 2017, https://arxiv.org/abs/1706.04599. From the top of the
    hierarchy down, since a score depends on those of the labels above.

    Parameters
    ----------
    logits : float32 (N, L)
    targets : float32 (N, L), 1, 0, or NaN where unknown
    loss : what the logits were taught by
    """
    scoring = {each.group: each for each in initial_scoring(label_space, loss)}
    plain = Scorer(label_space, tuple(scoring.values())).scores(logits)
    judged = _acted_on(plain, label_space) & ~np.isnan(targets)
    for group in label_space.groups_parents_first:
        own = _only(judged, group, label_space)
        if own.any(axis=1).sum() < _LEAST_PHOTOS:
            continue

        def misfit(temperature: float, group: Group = group, own: BoolArray = own) -> float:
            tried = scoring[group.name].model_copy(update={"temperature": temperature})
            scorer = Scorer(label_space, tuple({**scoring, group.name: tried}.values()))
            return _cross_entropy(scorer.scores(logits)[own], targets[own])

        found = {"temperature": _lowest(misfit)}
        scoring[group.name] = scoring[group.name].model_copy(update=found)
    return tuple(scoring.values())


def _acted_on(scores: FloatArray, label_space: LabelSpace) -> BoolArray:
    """Return bool (N, L): the labels whose scores are acted on.

    Of an exclusive group, the best one below the best parent, which no temperature changes; over
    all its labels, those that noisy labels rule out would count most. Of others, all.
    """
    every_best = select_tags(scores, np.zeros(len(label_space), np.float32), label_space)
    for group in label_space.groups:
        if not group.exclusive:
            every_best[:, list(label_space.indices_of_group(group.name))] = True
    return every_best


def _only(judged: BoolArray, group: Group, label_space: LabelSpace) -> BoolArray:
    own = np.zeros_like(judged)
    indices = list(label_space.indices_of_group(group.name))
    own[:, indices] = judged[:, indices]
    return own


def _lowest(misfit: Callable[[float], float]) -> float:
    found = minimize_scalar(
        lambda power: misfit(math.exp(power)),
        bounds=(math.log(_LOWEST), math.log(_HIGHEST)),
        method="bounded",
    )
    return round(float(math.exp(found.x)), 4)


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
