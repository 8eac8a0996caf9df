"""Calibration errors, by hand, against torchmetrics, and by chance."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.group_answers import GroupAnswers, group_answers
from training.evaluate.reliability import reliability


def answers(photos: int = 2000) -> GroupAnswers:
    return group_answers(evaluated(photos), "colour")


def test_it_is_what_torchmetrics_says() -> None:
    ours = answers()
    confidence, right = torch.from_numpy(ours.confidence), torch.from_numpy(ours.right)
    theirs = binary_calibration_error(confidence, right.int(), n_bins=15, norm="l1")
    assert reliability(ours)["ece"] == pytest.approx(float(theirs), abs=1e-6)


def test_two_bins_by_hand() -> None:
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]], np.float32)
    true = np.array([[1, 0], [0, 1], [1, 0]], np.bool_)
    found = reliability(replace(answers(3), rows=np.arange(3), scores=scores, true=true))
    assert found["ece"] == pytest.approx((2 * abs(0.5 - 0.9) + abs(1 - 0.6)) / 3)
    assert [each["photos"] for each in found["bins"]] == [1, 2]
    assert [each["right"] for each in found["bins"]] == [1.0, 0.5]
    assert [each["score"] for each in found["bins"]] == pytest.approx([0.6, 0.9])


def test_a_calibrated_tagger_errs_by_chance_and_a_sure_one_by_more() -> None:
    several = [group_answers(evaluated(1000, seed), "colour") for seed in range(20)]
    found = [reliability(each) for each in several]
    unlucky = sum(each["ece"] > each["chance_ece_95"] for each in found)
    assert unlucky <= 4  # 1 is expected, and 5 or more have a chance of 0.3%
    errors, by_chance = ([each[name] for each in found] for name in ("ece", "chance_ece"))
    assert np.mean(errors) == pytest.approx(np.mean(by_chance), rel=0.15)
    too_sure = reliability(replace(several[0], scores=several[0].scores ** 0.3))
    assert too_sure["ece"] > 2 * too_sure["chance_ece_95"]


def test_chance_is_larger_on_fewer_photos() -> None:
    few, many = reliability(answers(100)), reliability(answers(4000))
    assert few["chance_ece"] > 3 * many["chance_ece"]


def test_a_score_of_one_is_in_the_last_bin() -> None:
    one = replace(
        answers(1),
        rows=np.arange(1),
        scores=np.array([[1, 0]], np.float32),
        true=np.array([[True, False]]),
    )
    (found,) = reliability(one)["bins"]
    assert found["high"] == 1.0
