"""What a recipe's logits say: scores and tags by its own rule, not by that of the service."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from scipy.special import softmax

from bench.recipes.recipe_loss import exclusive_groups
from hangtag.arrays import BoolArray, FloatArray
from hangtag.bundle import LabelDecision
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import sigmoid
from hangtag.scoring.scorer import Activation
from training.calibrate.tuning import Tuned
from training.evaluate import Evaluated

_LIKELY = 0.5


@dataclass(frozen=True)
class DecidedByRule(Evaluated):
    """Test photos of a recipe, which knows neither thresholds nor the hierarchy.

    best_only : whether an exclusive group's best label is its one tag, whatever it scores;
        otherwise, and in all other groups, tags are what scores 0.5 or more
    """

    best_only: bool = False

    @cached_property
    def tags(self) -> BoolArray:
        """What the recipe would answer, (N, L)."""
        tags: BoolArray = self.scores >= _LIKELY
        for name in self.exclusive_groups if self.best_only else ():
            columns = np.array(self.label_space.indices_of_group(name))
            best = self.scores[:, columns].argmax(axis=1)
            tags[:, columns] = best[:, None] == np.arange(len(columns))
        return tags


def by_decision_rule(evaluated: Evaluated, activation: Activation) -> DecidedByRule:
    """Return the same photos and scores, with tags as the recipe chooses them."""
    values = {field.name: getattr(evaluated, field.name) for field in fields(evaluated)}
    return DecidedByRule(**values, best_only=activation == "softmax")


def recipe_scores(
    logits: FloatArray, label_space: LabelSpace, activation: Activation
) -> FloatArray:
    """Return the scores of logits (N, L): sigmoids, or a softmax in each exclusive group."""
    scores = sigmoid(logits)
    for name in exclusive_groups(label_space) if activation == "softmax" else ():
        columns = list(label_space.indices_of_group(name))
        scores[:, columns] = softmax(logits[:, columns], axis=1)
    return scores


def nearest_decisions(label_space: LabelSpace, activation: Activation) -> Tuned:
    """Return thresholds for the service that come as near to the recipe's rule as it can."""
    best = set(exclusive_groups(label_space)) if activation == "softmax" else set()
    decisions = tuple(
        LabelDecision(id=label.id, threshold=0.0 if label.group in best else _LIKELY)
        for label in label_space.labels
    )
    return Tuned(scoring=(), decisions=decisions, prediction_sets=None)
