"""One group's part of what was said and what is true."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hangtag.arrays import BoolArray, FloatArray, Indices
from hangtag.label_space import Group
from training.evaluate.evaluated import Evaluated


@dataclass(frozen=True)
class GroupAnswers:
    """The n photos of which the group is known; K are its labels.

    `rows` (n,) are their positions among all photos, `columns` (K,) those of the labels;
    `scores`, `true` and `tags` are (n, K), `accept_thresholds` (K,).
    """

    group: Group
    rows: Indices
    columns: Indices
    scores: FloatArray
    true: BoolArray
    tags: BoolArray
    accept_thresholds: FloatArray

    @cached_property
    def confidence(self) -> FloatArray:
        """The score of the best label, (n,)."""
        best: FloatArray = self.scores.max(axis=1)
        return best

    @cached_property
    def right(self) -> BoolArray:
        """Whether the best label holds, (n,)."""
        right: BoolArray = self.true[np.arange(len(self.rows)), self.scores.argmax(axis=1)]
        return right

    @cached_property
    def labelled(self) -> BoolArray:
        """Whether exactly one label holds, (n,)."""
        one: BoolArray = self.true.sum(axis=1) == 1
        return one


def group_answers(evaluated: Evaluated, name: str) -> GroupAnswers:
    """Return the answers of the group of that name."""
    columns = np.array(evaluated.label_space.indices_of_group(name), np.int64)
    rows = np.flatnonzero(evaluated.known[:, columns].all(axis=1))
    part = np.ix_(rows, columns)
    return GroupAnswers(
        group=evaluated.label_space.group(name),
        rows=rows,
        columns=columns,
        scores=evaluated.scores[part],
        true=evaluated.true[part],
        tags=evaluated.tags[part],
        accept_thresholds=evaluated.accept_thresholds[columns],
    )
