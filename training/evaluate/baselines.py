"""Taggers that take no training, for the real one to be compared with."""

from dataclasses import replace

import numpy as np

from hangtag.arrays import FloatArray
from hangtag.bundle import LabelDecision
from hangtag.label_space import LabelSpace
from training.evaluate.evaluated import Evaluated
from training.evaluate.hierarchy import lowest_level

_LIKELY = 0.5


def majority(evaluated: Evaluated) -> Evaluated:
    """Return what always giving the most frequent labels of the train photos would score.

    The most frequent label of each exclusive group, and any other that most train photos have.
    """
    shares = evaluated.train_counts / max(evaluated.train_photos, 1)
    scores = np.broadcast_to(shares.astype(np.float32), evaluated.scores.shape)
    return _baseline(evaluated, scores, _decisions(evaluated.label_space))


def type_lookup(evaluated: Evaluated) -> Evaluated | None:
    """Return what reading all other groups off the tagger's own type would score.

    The type is the tagger's best label of the lowest level of the first hierarchy; its levels keep
    the tagger's scores and thresholds. Every other label scores as often as it occurs among the
    train photos of that type. None where there is nothing to look up by, or nothing to look up.
    """
    name = lowest_level(evaluated)
    space = evaluated.label_space
    if name is None or set(evaluated.nonempty_groups) <= set(_hierarchy_of(space, name)):
        return None
    types = np.array(space.indices_of_group(name))
    counts = evaluated.train_counts
    shares = evaluated.train_together[types] / np.maximum(counts[types], 1)[:, None]
    # Of a type that no train photo has, all there is to say is what holds for all types.
    shares[counts[types] == 0] = counts / max(evaluated.train_photos, 1)
    best = evaluated.scores[:, types].argmax(axis=1)
    scores = shares[best].astype(np.float32)
    own = [i for group in _hierarchy_of(space, name) for i in space.indices_of_group(group)]
    scores[:, own] = evaluated.scores[:, own]
    decisions = list(_decisions(space))
    for index in own:
        decisions[index] = evaluated.decisions[index]
    return _baseline(evaluated, scores, tuple(decisions))


def _hierarchy_of(label_space: LabelSpace, group: str) -> tuple[str, ...]:
    return next(hierarchy for hierarchy in label_space.hierarchies if group in hierarchy)


def _decisions(label_space: LabelSpace) -> tuple[LabelDecision, ...]:
    """Return thresholds that make an exclusive group's best label a tag, whatever it scores."""
    return tuple(
        LabelDecision(
            id=label.id,
            threshold=0.0 if label_space.group(label.group).exclusive else _LIKELY,
        )
        for label in label_space.labels
    )


def _baseline(
    evaluated: Evaluated, scores: FloatArray, decisions: tuple[LabelDecision, ...]
) -> Evaluated:
    return replace(
        evaluated, scores=scores, decisions=decisions, prediction_sets=None, embeddings=None
    )
