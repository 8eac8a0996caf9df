"""Fits, on calibration photos, how sure the scores of each group may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from hangtag.decisions import FloatArray
from hangtag.label_space import LabelSpace
from hangtag.scoring import GroupScoring
from training.losses import TaggingLoss
from training.settings import Loss

_LOWEST, _HIGHEST = 0.1, 10.0
# A few photos that happen to be right would make all scores sure.
_LEAST_PHOTOS = 30


@dataclass(frozen=True)
class _Unit:
    """Groups that share a temperature: a family, or one group by itself."""

    groups: tuple[str, ...]
    softmax: bool


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
    by_group = {
        group: GroupScoring(
            group=group,
            activation="softmax" if unit.softmax else "sigmoid",
            temperature=_fit_temperature(logits, targets, label_space, unit),
        )
        for unit in _units(label_space, softmax=loss == "softmax")
        for group in unit.groups
    }
    return tuple(by_group[group.name] for group in label_space.groups)


def _units(label_space: LabelSpace, *, softmax: bool) -> Sequence[_Unit]:
    in_family = {name for family in label_space.families for name in family}
    rest = [group.name for group in label_space.groups if group.name not in in_family]
    return [
        *(_Unit(family, softmax) for family in label_space.families),
        *(_Unit((name,), False) for name in rest),
    ]


def _fit_temperature(
    logits: FloatArray, targets: FloatArray, label_space: LabelSpace, unit: _Unit
) -> float:
    cross_entropy = _cross_entropy(logits, targets, label_space, unit)
    if cross_entropy is None:
        return 1.0
    found = minimize_scalar(
        lambda power: cross_entropy(math.exp(power)),
        bounds=(math.log(_LOWEST), math.log(_HIGHEST)),
        method="bounded",
    )
    return round(float(math.exp(found.x)), 4)


def _cross_entropy(
    logits: FloatArray, targets: FloatArray, label_space: LabelSpace, unit: _Unit
) -> Callable[[float], float] | None:
    """Return the cross-entropy of a unit by temperature; None where too little is known.

    As if one photo in n + 2 were wrong, as Platt (1999) does: of n photos that all are right, one
    must not conclude that none ever will be wrong.
    """
    indices = [index for name in unit.groups for index in label_space.indices_of_group(name)]
    alone = np.full_like(targets, np.nan)
    alone[:, indices] = targets[:, indices]
    known_photos = int((~np.isnan(alone)).any(axis=1).sum())
    if known_photos < _LEAST_PHOTOS:
        return None
    doubt = 1 / (known_photos + 2)
    if unit.softmax:
        loss = TaggingLoss(label_space, "softmax", label_smoothing=doubt)
    else:
        loss = TaggingLoss(label_space, "bce")
        alone = alone * (1 - doubt) + doubt / 2
    all_logits, known = torch.from_numpy(logits), torch.from_numpy(alone)
    return lambda temperature: float(loss(all_logits / temperature, known))
