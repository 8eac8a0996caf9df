"""Scores -> tags and decisions. Training evaluates with these very functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hangtag.label_space import LabelSpace

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
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
    """Say which labels are tags.

    A label is a tag if its score reaches its threshold; in an exclusive group only the label
    with the highest score can be one.

    Parameters
    ----------
    scores : float32 (B, L), in [0, 1]
    thresholds : float32 (L,), in [0, 1]

    Returns
    -------
    bool (B, L)
    """
    tags: BoolArray = scores >= thresholds
    for group in label_space.groups:
        indices = np.array(label_space.indices_of_group(group.name), dtype=np.intp)
        if group.exclusive and len(indices):
            best = scores[:, indices].argmax(axis=1)
            tags[:, indices] &= best[:, None] == np.arange(len(indices))
    return tags


def decide_group(scores: FloatArray, tags: BoolArray, accept_thresholds: FloatArray) -> Decision:
    """Decide for one group of one product; all arrays have shape (labels of the group,)."""
    if not tags.any():
        return "none"
    return "accept" if bool((scores[tags] >= accept_thresholds[tags]).all()) else "review"
