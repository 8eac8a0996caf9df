"""Logits -> scores that are calibrated and agree with the hierarchy.

A group that may hold several labels takes a sigmoid of each logit. The exclusive groups that are
the levels of one hierarchy (`LabelSpace.hierarchies`) take one softmax over all its labels
(hangtag/scoring/hierarchy.py).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hangtag.arrays import FloatArray
from hangtag.errors import LabelSpaceInvalid
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import sigmoid
from hangtag.scoring.hierarchy import HierarchyScorer

Activation = Literal["sigmoid", "softmax"]


class GroupScoring(BaseModel):
    """How the logits of one group become scores: `activation(logits / temperature)`.

    A temperature above 1 makes scores less sure; it is fitted on photos that were not learned from
    (Guo et al. 2017, https://arxiv.org/abs/1706.04599). Below the top level of a hierarchy, it is
    how sure a label is given its parent.
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
    LabelSpaceInvalid : if a group is missing, unknown, or differs from the rest of its hierarchy.
    """

    def __init__(self, label_space: LabelSpace, scoring: Sequence[GroupScoring]) -> None:
        by_group = _by_group(label_space, scoring)
        self._temperatures = np.ones(len(label_space), np.float32)
        for name, each in by_group.items():
            self._temperatures[list(label_space.indices_of_group(name))] = each.temperature
        self._hierarchies = [
            HierarchyScorer(label_space, hierarchy, {n: by_group[n].temperature for n in hierarchy})
            for hierarchy in label_space.hierarchies
            if by_group[hierarchy[0]].activation == "softmax"
        ]
        self._pairs = _parents_and_children(label_space)

    def scores(self, logits: FloatArray) -> FloatArray:
        """Return the scores, float32 in [0, 1], in the shape of the logits."""
        scores = sigmoid(logits / self._temperatures)
        for hierarchy in self._hierarchies:
            scores[..., hierarchy.indices] = hierarchy.scores(logits[..., hierarchy.indices])
        for parent, child in self._pairs:
            # Equal already within a hierarchy, but for rounding.
            scores[..., child] = np.minimum(scores[..., child], scores[..., parent])
        capped: FloatArray = np.minimum(scores, np.float32(1))
        return capped


def _parents_and_children(label_space: LabelSpace) -> list[tuple[int, int]]:
    pairs = []
    for child in label_space.labels_parents_first:
        parent = label_space.parent_of(label_space.labels[child])
        if parent is not None:
            pairs.append((label_space.index_of(parent.id), child))
    return pairs


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
    for hierarchy in label_space.hierarchies:
        if len({by_group[name].activation for name in hierarchy}) > 1:
            raise LabelSpaceInvalid(
                f"The groups {', '.join(hierarchy)} are one hierarchy: they take the same "
                "activation."
            )
    return by_group
