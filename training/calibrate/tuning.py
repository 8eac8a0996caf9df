"""From a trained network's logits to what the bundle decides by: scoring, thresholds, sets."""

from dataclasses import dataclass

import numpy as np

from hangtag.arrays import FloatArray
from hangtag.bundle import LabelDecision, PredictionSets, thresholds_of
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import Thresholds
from hangtag.scoring.scorer import GroupScoring, Scorer
from training.calibrate.calibration import fit_scoring
from training.calibrate.conformal import fit_prediction_sets
from training.calibrate.thresholds import (
    best_tag_thresholds,
    expected_tag_thresholds,
    label_decisions,
    tune_accept_thresholds,
)
from training.model.losses import initial_scoring
from training.settings import LossName, TrainingSettings


@dataclass(frozen=True)
class LabelledLogits:
    """Logits and targets (N, L) of the same photos; NaN targets are unknown."""

    logits: FloatArray
    targets: FloatArray


@dataclass(frozen=True)
class Tuned:
    """All that turns logits into answers."""

    scoring: tuple[GroupScoring, ...]
    decisions: tuple[LabelDecision, ...]
    prediction_sets: PredictionSets | None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds as arrays, in the order of the label space."""
        return thresholds_of(self.decisions)

    @property
    def tag_thresholds(self) -> FloatArray:
        """The lowest score of a tag, float32 (L,)."""
        return np.array([each.threshold for each in self.decisions], dtype=np.float32)


def untuned(label_space: LabelSpace, loss: LossName = "bce", threshold: float = 0.5) -> Tuned:
    """Return what a network decides by on which nothing was measured."""
    return Tuned(
        initial_scoring(label_space, loss),
        tuple(LabelDecision(id=label.id, threshold=threshold) for label in label_space.labels),
        prediction_sets=None,
    )


def tune(
    validation: LabelledLogits,
    calibration: LabelledLogits,
    label_space: LabelSpace,
    settings: TrainingSettings,
) -> Tuned:
    """Tune on photos that the network has not learned from.

    What is chosen freely (temperatures, thresholds of tags) is chosen on validation photos; what is
    promised (the precision of what is accepted, the coverage of sets) is measured on calibration
    photos, on which nothing was chosen before.
    """
    scoring = fit_scoring(validation.logits, validation.targets, label_space, settings.loss.name)
    scorer = Scorer(label_space, scoring)
    chosen, promised = scorer.scores(validation.logits), scorer.scores(calibration.logits)
    tag = (
        expected_tag_thresholds(chosen, ~np.isnan(validation.targets), label_space)
        if settings.is_calibratable
        else best_tag_thresholds(chosen, validation.targets, label_space)
    )
    accept = tune_accept_thresholds(
        promised, calibration.targets, label_space, settings.calibration.target_precision
    )
    return Tuned(
        scoring,
        label_decisions(tag, accept, label_space),
        fit_prediction_sets(
            promised, calibration.targets, label_space, settings.calibration.coverage
        ),
    )
