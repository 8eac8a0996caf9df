"""Logits of one hierarchy of exclusive groups -> scores that agree with it.

One softmax over all labels of the hierarchy and "none of them", whose logit is 0. There a label's
own logit stands for "this, and nothing more specific", and its share is the sum over the label and
all that lie below it. A label's score is that of its parent, times how likely it is given its
parent: each level may be made more or less sure by a temperature of its own, and still a parent is
never less likely than its children, and one level never contradicts another.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hangtag.arrays import FloatArray
from hangtag.label_space import Label, LabelSpace

_Precise = npt.NDArray[np.float64]


class HierarchyScorer:
    """Turns the logits (…, T) of a hierarchy's labels, level by level, into scores (…, T).

    Parameters
    ----------
    hierarchy : the groups, from the top down
    temperatures : of each group; above 1, choosing among the children of one parent is less sure
    """

    def __init__(
        self, label_space: LabelSpace, hierarchy: Sequence[str], temperatures: Mapping[str, float]
    ) -> None:
        self.indices = hierarchy_indices(label_space, hierarchy)
        labels = [label_space.labels[index] for index in self.indices]
        self._subtrees = subtree_matrix(label_space, self.indices).astype(np.float64)
        # The last place stands for what is above the top level.
        whole = len(labels)
        place = {label.id: position for position, label in enumerate(labels)}
        above = [label_space.parent_of(label) for label in labels]
        self._parents = np.array([place.get(each.id, whole) if each else whole for each in above])
        # (T, T + 1): 1 where the row's label is a child of the column's.
        self._children = np.eye(whole + 1)[self._parents]
        self._powers = np.array([1 / temperatures[label.group] for label in labels])
        # What is nothing more specific than a label competes with the label's children.
        self._own_powers = np.ones(whole + 1)
        self._own_powers[self._parents] = self._powers
        depths = [len(label_space.path_of(label)) for label in labels]
        self._levels = [np.flatnonzero(np.equal(depths, each)) for each in sorted(set(depths))]

    def scores(self, logits: FloatArray) -> FloatArray:
        """Return the scores, float32 in [0, 1]."""
        own = np.concatenate([logits, np.zeros_like(logits[..., :1])], axis=-1).astype(np.float64)
        own = np.exp(own - own.max(axis=-1, keepdims=True))
        below = own[..., :-1] @ self._subtrees
        mass = np.concatenate([below, own[..., -1:] + below @ self._children[:, -1:]], axis=-1)
        of_parent = _ratio(below, mass[..., self._parents]) ** self._powers
        nothing_more = _ratio(own, mass) ** self._own_powers
        options = of_parent @ self._children + nothing_more
        given_parent = _ratio(of_parent, options[..., self._parents])
        scores = np.ones_like(mass)
        for level in self._levels:
            scores[..., level] = scores[..., self._parents[level]] * given_parent[..., level]
        return scores[..., :-1].astype(np.float32)


def _ratio(part: _Precise, whole: _Precise) -> _Precise:
    # What is too unlikely for a number has parts that are, too.
    ratio: _Precise = part / np.maximum(whole, np.finfo(np.float64).tiny)
    return ratio


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


def hierarchy_indices(label_space: LabelSpace, hierarchy: Sequence[str]) -> list[int]:
    """Return the output indices of all labels of a hierarchy, level by level."""
    return [index for name in hierarchy for index in label_space.indices_of_group(name)]
