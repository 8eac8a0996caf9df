"""Whether prediction sets hold what they promise."""

from typing import Any

import numpy as np

from hangtag.scoring.decisions import prediction_set
from training.evaluate.evaluated import Evaluated
from training.evaluate.group_answers import GroupAnswers
from training.evaluate.resampling import Resamples, interval


def set_coverage(
    evaluated: Evaluated, answers: GroupAnswers, resamples: Resamples
) -> dict[str, Any] | None:
    """Return coverage, mean size and share of empty sets of one group; None if it has no sets.

    Coverage means what `PredictionSets` promises: in an exclusive group the share of photos whose
    label is in the set, in others the mean share of a photo's labels that are.
    """
    sets = evaluated.prediction_sets
    threshold = sets.threshold_of(answers.group.name) if sets else None
    labels_true = answers.true.sum(axis=1)
    counted = labels_true == 1 if answers.group.exclusive else labels_true > 0
    if sets is None or threshold is None or not counted.any():
        return None
    chosen = prediction_set(answers.scores, threshold)
    covered = (chosen & answers.true).sum(axis=1) / np.maximum(labels_true, 1)
    values, among = np.zeros(len(evaluated)), np.zeros(len(evaluated), np.bool_)
    values[answers.rows], among[answers.rows] = covered, counted
    sizes = chosen[counted].sum(axis=1)
    return {
        "promised": sets.coverage,
        "coverage": interval(resamples.mean(values, among)),
        "mean_size": float(sizes.mean()),
        "empty": float((sizes == 0).mean()),
        "photos": int(counted.sum()),
    }
