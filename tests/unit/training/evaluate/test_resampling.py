"""The bootstrap by near-duplicate group."""

import numpy as np
import pytest

from training.evaluate.resampling import Resamples, interval

GROUPS = np.array([4, 4, 9, 1, 1, 1])


def test_near_duplicates_are_drawn_together_and_as_many_groups_as_there_are() -> None:
    weights = Resamples(GROUPS, rounds=50).weights
    assert (weights[0] == weights[1]).all()
    assert (weights[3] == weights[4]).all()
    assert (weights[[0, 2, 3]].sum(axis=0) == 3).all()
    assert (weights[0] != weights[3]).any()


def test_the_first_round_is_the_photos_as_they_are() -> None:
    values = np.array([1, 0, 0, 1, 1, 0])
    resamples = Resamples(GROUPS, rounds=5)
    assert resamples.mean(values)[0] == 0.5
    assert resamples.mean(values, GROUPS == 1)[0] == pytest.approx(2 / 3)
    assert resamples.total(np.stack([values, values], axis=1)).shape == (2, 6)


def test_the_interval_of_a_share_is_that_of_the_normal_distribution() -> None:
    values = np.arange(1000) < 300
    found = interval(Resamples(np.arange(1000), rounds=4000).mean(values))
    half = 1.96 * np.sqrt(0.3 * 0.7 / 1000)
    assert found == {
        "value": pytest.approx(0.3),
        "low": pytest.approx(0.3 - half, abs=2e-3),
        "high": pytest.approx(0.3 + half, abs=2e-3),
    }


def test_twins_widen_the_interval() -> None:
    values = np.repeat(np.arange(200) < 60, 5)
    alone = interval(Resamples(np.arange(1000)).mean(values))
    twins = interval(Resamples(np.repeat(np.arange(200), 5)).mean(values))
    assert alone["low"] is not None
    assert twins["low"] is not None
    assert twins["low"] < alone["low"] - 0.02


def test_draws_that_are_too_high_do_not_lift_the_interval() -> None:
    rounds = np.concatenate([[0.5], np.random.default_rng(0).normal(0.53, 0.02, 5000)])
    found = interval(rounds)
    assert found["low"] == pytest.approx(0.5 - 1.96 * 0.02, abs=0.002)
    assert found["high"] == pytest.approx(0.5 + 1.96 * 0.02, abs=0.002)


def test_the_value_lies_within_its_interval_where_all_draws_are_higher() -> None:
    found = interval(np.array([0.218, 0.226, 0.231, 0.24, 0.25]))
    assert found["low"] is not None
    assert found["high"] is not None
    assert found["low"] < 0.218 < found["high"]


def test_no_interval_leaves_what_a_figure_can_be() -> None:
    """Draws lift a calibration error of nearly nothing."""
    low = interval(np.array([0.004, 0.008, 0.02, 0.03, 0.05]))
    assert (low["low"], low["value"]) == (0, 0.004)
    high = interval(np.array([0.99, 0.9, 0.95, 0.97, 1]))
    assert (high["value"], high["high"]) == (0.99, 1)


def test_the_interval_of_a_difference_may_be_below_0() -> None:
    found = interval(np.array([0.004, -0.02, 0.004, 0.03]), least=-1)
    assert found["low"] == pytest.approx(-0.0188)


def test_what_was_never_counted_has_no_interval() -> None:
    nobody = np.zeros(6, np.bool_)
    rounds = Resamples(GROUPS, rounds=5).mean(np.ones(6), nobody)
    assert interval(rounds) == {"value": None, "low": None, "high": None}


def test_without_draws_there_is_a_value_and_no_interval() -> None:
    rounds = Resamples(GROUPS, rounds=0).mean(np.ones(6))
    assert interval(rounds) == {"value": 1.0, "low": None, "high": None}
