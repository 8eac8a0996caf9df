"""Logits -> scores that are calibrated and agree with the hierarchy.

A group that may hold several labels takes a sigmoid of each logit. A family, the exclusive groups
that are the levels of one hierarchy (`LabelSpace.families`), takes one softmax over all its labels
and "none of them", whose logit is 0. There a label's own logit stands for "this, and nothing more
specific", and its score is the sum over the label and all that lie below it: a parent is never
less likely than its children, and one level never contradicts another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from hangtag.decisions import FloatArray, sigmoid
from hangtag.errors import LabelSpaceInvalid
from hangtag.label_space import Label, LabelSpace

Activation = Literal["sigmoid", "softmax"]


class GroupScoring(BaseModel):
    """How the logits of one group become scores: `activation(logits / temperature)`.

    A temperature above 1 makes scores less sure; it is fitted on calibration photos (Guo et al.
    2017, https://arxiv.org/abs/1706.04599). The groups of a family share theirs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: str
    activation: Activation = "sigmoid"
    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)


class Scorer:
    """Turns logits (…, L) into scores (…, L).

    Parameters
    ----------
    label_space : names the L labels
    scoring : one entry a group, in any order

    Raises
    ------
    LabelSpaceInvalid : if a group is missing, unknown, or differs from the rest of its family.
    """

    def __init__(self, label_space: LabelSpace, scoring: Sequence[GroupScoring]) -> None:
        by_group = _by_group(label_space, scoring)
        self._temperatures = np.ones(len(label_space), np.float32)
        for name, each in by_group.items():
            self._temperatures[list(label_space.indices_of_group(name))] = each.temperature
        self._families = [
            _indices_and_subtrees(label_space, family)
            for family in label_space.families
            if by_group[family[0]].activation == "softmax"
        ]
        self._pairs = _parents_and_children(label_space)

    def scores(self, logits: FloatArray) -> FloatArray:
        """Return the scores, float32 in [0, 1], in the shape of the logits."""
        scaled = logits / self._temperatures
        scores = sigmoid(scaled)
        for indices, subtrees in self._families:
            scores[..., indices] = _softmax_beside_none(scaled[..., indices]) @ subtrees
        for parent, child in self._pairs:
            # Equal already within a family, but for rounding.
            scores[..., child] = np.minimum(scores[..., child], scores[..., parent])
        capped: FloatArray = np.minimum(scores, np.float32(1))
        return capped


def subtree_matrix(label_space: LabelSpace, indices: Sequence[int]) -> FloatArray:
    """Return float32 (T, T) of the given labels: 1 where a row's label is the column's or below."""
    position = {index: place for place, index in enumerate(indices)}
    matrix = np.zeros((len(indices), len(indices)), np.float32)
    for index, place in position.items():
        label: Label | None = label_space.labels[index]
        while label is not None:
            above = position.get(label_space.index_of(label.id))
            if above is not None:
                matrix[place, above] = 1
            label = label_space.parent_of(label)
    return matrix


def family_indices(label_space: LabelSpace, family: Sequence[str]) -> list[int]:
    """Return the output indices of all labels of a family, level by level."""
    return [index for name in family for index in label_space.indices_of_group(name)]


def _indices_and_subtrees(
    label_space: LabelSpace, family: Sequence[str]
) -> tuple[npt.NDArray[np.intp], FloatArray]:
    indices = family_indices(label_space, family)
    return np.array(indices, np.intp), subtree_matrix(label_space, indices)


def _parents_and_children(label_space: LabelSpace) -> list[tuple[int, int]]:
    pairs = []
    for child in label_space.labels_parents_first:
        parent = label_space.parent_of(label_space.labels[child])
        if parent is not None:
            pairs.append((label_space.index_of(parent.id), child))
    return pairs


def _softmax_beside_none(logits: FloatArray) -> FloatArray:
    """Return exp(z) / (1 + sum exp(z)) over the last axis, without overflow."""
    top = np.maximum(logits.max(axis=-1, keepdims=True), 0)
    powers = np.exp(logits - top)
    shares: FloatArray = powers / (np.exp(-top) + powers.sum(axis=-1, keepdims=True))
    return shares


def _by_group(label_space: LabelSpace, scoring: Sequence[GroupScoring]) -> dict[str, GroupScoring]:
    by_group = {each.group: each for each in scoring}
    names = {group.name for group in label_space.groups}
    if len(by_group) != len(scoring) or by_group.keys() != names:
        raise LabelSpaceInvalid(
            f"The scoring must name each group of the label space once: {', '.join(sorted(names))}."
        )
    for name, each in by_group.items():
        if each.activation == "softmax" and not label_space.group(name).exclusive:
            raise LabelSpaceInvalid(f"Group {name!r} is not exclusive: it takes no softmax.")
    for family in label_space.families:
        alike = {(by_group[name].activation, by_group[name].temperature) for name in family}
        if len(alike) > 1:
            raise LabelSpaceInvalid(
                f"The groups {', '.join(family)} are one hierarchy: they take the same activation "
                "and temperature."
            )
    return by_group
