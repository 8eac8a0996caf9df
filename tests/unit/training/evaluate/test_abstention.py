"""What is accepted, and how often it is right."""

from dataclasses import replace

import numpy as np
import pytest

from hangtag.label_space import Group
from training.evaluate.abstention import abstention
from training.evaluate.group_answers import GroupAnswers

# The best label, from the surest photo down, is right, right, wrong, right; two scores are equal.
SCORES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.7, 0.3]], np.float32)
TRUE = np.array([[1, 0], [1, 0], [1, 0], [1, 0]], np.bool_)


def answers(accept: float = 0.75) -> GroupAnswers:
    return GroupAnswers(
        group=Group(name="g", title="G", exclusive=True),
        rows=np.arange(4),
        columns=np.arange(2),
        scores=SCORES,
        true=TRUE,
        tags=SCORES > 0.5,
        accept_thresholds=np.full(2, accept, np.float32),
    )


def test_the_curve_has_a_point_for_each_score_and_none_between_equal_ones() -> None:
    curve = abstention(answers(), 0.95)["curve"]
    assert curve == {"share": [0.25, 0.5, 1.0], "precision": [1.0, 1.0, 0.75]}


@pytest.mark.parametrize(("target", "share"), [(0.95, 0.5), (0.75, 1.0), (0.7, 1.0)])
def test_the_largest_share_that_is_right_often_enough(target: float, share: float) -> None:
    assert abstention(answers(), target)["share_at_target"] == share


def test_the_thresholds_of_the_bundle_decide_what_is_accepted() -> None:
    accepted = abstention(answers(0.75), 0.95)["accepted"]
    # Of 2 right of 2, the exact interval's lower end solves p * p = 2.5%.
    low = pytest.approx(np.sqrt(0.025))
    assert accepted == {"photos": 2, "share": 0.5, "precision": 1.0, "low": low, "high": 1.0}
    assert abstention(answers(0.6), 0.95)["accepted"]["precision"] == 0.75


def test_where_nothing_is_trusted_nothing_is_accepted() -> None:
    accepted = abstention(answers(np.inf), 0.95)["accepted"]
    assert (accepted["share"], accepted["precision"], accepted["low"]) == (0.0, None, None)


def test_a_photo_is_accepted_if_all_its_tags_are() -> None:
    both = replace(answers(0.5), scores=np.array([[0.9, 0.6], [0.9, 0.4]], np.float32))
    both = replace(both, rows=np.arange(2), tags=np.ones((2, 2), np.bool_), true=TRUE[:2])
    accepted = abstention(both, 0.95)["accepted"]
    assert accepted["photos"] == 1
    assert accepted["precision"] == 0.0  # its second tag is wrong
