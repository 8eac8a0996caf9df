"""What decides, of the two ways to find the thresholds of tags."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hangtag.label_space import parse_label_space
from hangtag.scoring.scorer import Scorer
from training.calibrate.thresholds import best_tag_thresholds, expected_tag_thresholds
from training.calibrate.tuning import LabelledLogits, tune
from training.settings import make_settings

SPACE = parse_label_space({"a": "a", "b": "b"})


def labelled(seed: int) -> LabelledLogits:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(300, 2)).astype(np.float32)
    targets = (rng.random((300, 2)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    return LabelledLogits(logits, targets)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({}, True),
        ({"loss.name": "bce"}, True),
        ({"loss.name": "focal"}, False),
        ({"loss.name": "asymmetric"}, False),
        ({"loss.class_weight_power": 0.5}, False),
        ({"data.balance_max_count": 50}, False),
    ],
)
def test_scores_are_believed_where_they_were_taught_as_frequencies(
    setting: dict[str, Any], expected: bool
) -> None:
    settings = make_settings(Path("data"), {"network.weights": "none", **setting})
    validation = labelled(0)
    tuned = tune(validation, labelled(1), SPACE, settings)
    scores = Scorer(SPACE, tuned.scoring).scores(validation.logits)
    by_expectation = expected_tag_thresholds(scores, scores >= 0, SPACE)
    by_trial = best_tag_thresholds(scores, validation.targets, SPACE)
    assert not np.allclose(by_expectation, by_trial, atol=1e-3)
    wanted = by_expectation if expected else by_trial
    np.testing.assert_allclose(tuned.tag_thresholds, wanted, atol=1e-6)
