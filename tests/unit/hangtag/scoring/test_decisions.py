import numpy as np
import pytest

from hangtag.scoring.decisions import decide_group, fuse_photos, select_tags, sigmoid
from tests.tiny_tagger import tiny_label_space

# warmth: Warm; colour (exclusive): Red, Green, Blue; tone: Bright
HALF = np.full(5, 0.5, dtype=np.float32)


def test_sigmoid_is_exact_and_never_overflows() -> None:
    logits = np.array([-1000, -2, 0, 2, 1000], dtype=np.float32)
    expected = [0, 0.11920292, 0.5, 0.88079708, 1]
    assert sigmoid(logits) == pytest.approx(expected, abs=1e-7)


def test_only_the_best_label_of_an_exclusive_group_is_a_tag() -> None:
    scores = np.array([[0.9, 0.6, 0.8, 0.7, 0.9]], dtype=np.float32)
    assert select_tags(scores, HALF, tiny_label_space()).tolist() == [
        [True, False, True, False, True]
    ]


def test_the_best_label_must_reach_its_own_threshold() -> None:
    scores = np.array([[0.9, 0.6, 0.8, 0.7, 0.4]], dtype=np.float32)
    thresholds = np.array([0.5, 0.5, 0.81, 0.5, 0.5], dtype=np.float32)
    # Green is best but below its threshold: no second-best label takes its place.
    assert select_tags(scores, thresholds, tiny_label_space()).tolist() == [
        [True, False, False, False, False]
    ]


def test_a_score_at_the_threshold_reaches_it() -> None:
    scores = np.array([[0.5, 0, 0, 0, 0.5]], dtype=np.float32)
    assert select_tags(scores, HALF, tiny_label_space())[0, [0, 4]].all()


def test_each_row_is_decided_alone() -> None:
    rows = np.random.default_rng(0).random((20, 5), dtype=np.float32)
    together = select_tags(rows, HALF, tiny_label_space())
    alone = [select_tags(row[None], HALF, tiny_label_space())[0] for row in rows]
    assert (together == np.stack(alone)).all()


def test_fusing_is_the_mean_of_logits_and_of_one_photo_itself() -> None:
    logits = np.array([[4.0, -2.0], [-2.0, -4.0]], dtype=np.float32)
    assert fuse_photos(logits).tolist() == [1.0, -3.0]
    assert fuse_photos(logits[:1]).tolist() == [4.0, -2.0]


@pytest.mark.parametrize(
    ("scores", "tags", "decision"),
    [
        ([0.95, 0.10], [True, False], "accept"),
        ([0.80, 0.10], [True, False], "review"),
        ([0.95, 0.60], [True, True], "review"),
        ([0.30, 0.10], [False, False], "none"),
    ],
)
def test_a_group_is_accepted_only_if_all_its_tags_are_sure(
    scores: list[float], tags: list[bool], decision: str
) -> None:
    accept = np.array([0.9, 0.9], dtype=np.float32)
    assert decide_group(np.array(scores, np.float32), np.array(tags), accept) == decision


def test_a_label_that_cannot_be_trusted_is_always_reviewed() -> None:
    accept = np.array([np.inf], dtype=np.float32)
    assert decide_group(np.ones(1, np.float32), np.array([True]), accept) == "review"
