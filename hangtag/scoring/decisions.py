"""Scores -> tags and decisions. Training evaluates with these very functions."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hangtag.arrays import BoolArray, FloatArray
from hangtag.label_space import LabelSpace

Decision = Literal["accept", "review", "none"]


@dataclass(frozen=True)
class Thresholds:
    """Per label, float32 (L,): `tag` makes it a tag, `accept` makes it one without review.

    `accept` is never below `tag`; infinity means that no score is trusted without review.
    """

    tag: FloatArray
    accept: FloatArray


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-logits)) without overflow, in the shape of the input."""
    # The identity with tanh is stable for large |logits|, unlike the textbook form.
    scores: FloatArray = (0.5 * (1.0 + np.tanh(0.5 * logits))).astype(np.float32)
    return scores


def fuse_photos(logits: FloatArray) -> FloatArray:
    """Fuse the photos of one product: (P, L) -> (L,).

    The mean of the logits is the geometric mean of the odds: a photo that does not show an
    attribute moves it towards unsure, and one confident mistake does not decide alone.
    """
    fused: FloatArray = logits.mean(axis=0, dtype=np.float32)
    return fused


def select_tags(scores: FloatArray, thresholds: FloatArray, label_space: LabelSpace) -> BoolArray:
    """Say which labels are tags, from the top of the hierarchy down.

    A label is a tag if its score reaches its threshold and its parent, if it has one, is a tag
    too; in an exclusive group only the label with the highest score of those whose parent is a tag
    can be one. So tags never contradict the hierarchy.

    Parameters
    ----------
    scores : float32 (B, L), in [0, 1]
    thresholds : float32 (L,), in [0, 1]

    Returns
    -------
    bool (B, L)
    """
    tags: BoolArray = scores >= thresholds
    for group in label_space.groups_parents_first:
        indices = np.array(label_space.indices_of_group(group.name), dtype=np.intp)
        if not len(indices):
            continue
        possible = _below_tags(tags, indices, label_space)
        if group.exclusive:
            best = np.where(possible, scores[:, indices], -1).argmax(axis=1)
            possible &= best[:, None] == np.arange(len(indices))
        tags[:, indices] &= possible
    return tags


def _below_tags(
    tags: BoolArray, indices: npt.NDArray[np.intp], label_space: LabelSpace
) -> BoolArray:
    """Return (B, len(indices)): whether each label's ancestors are all tags."""
    possible = np.ones((len(tags), len(indices)), np.bool_)
    for column, index in enumerate(indices):
        parent = label_space.parent_of(label_space.labels[index])
        while parent is not None:
            possible[:, column] &= tags[:, label_space.index_of(parent.id)]
            parent = label_space.parent_of(parent)
    return possible


def prediction_set(scores: FloatArray, threshold: float) -> BoolArray:
    """Say which labels of one group a product may have, at the coverage that the bundle names."""
    kept: BoolArray = scores >= threshold
    return kept


def decide_group(scores: FloatArray, tags: BoolArray, accept_thresholds: FloatArray) -> Decision:
    """Decide for one group of one product; all arrays have shape (labels of the group,)."""
    if not tags.any():
        return "none"
    return "accept" if bool((scores[tags] >= accept_thresholds[tags]).all()) else "review"
