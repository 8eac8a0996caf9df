"""Tuned thresholds against brute force."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from hangtag.arrays import FloatArray
from hangtag.bundle import LabelDecision
from hangtag.label_space import LabelSpace, parse_label_space
from hangtag.scoring.decisions import select_tags
from training.calibrate.thresholds import (
    best_tag_thresholds,
    expected_tag_thresholds,
    label_decisions,
    tune_accept_thresholds,
)

SEEDS = range(5)


def independent_labels(count: int) -> LabelSpace:
    return parse_label_space({str(number): f"label {number}" for number in range(count)})


def exclusive_labels(count: int) -> LabelSpace:
    labels = [{"id": number, "name": str(number), "group": "g"} for number in range(count)]
    group = {"name": "g", "title": "G", "exclusive": True}
    return parse_label_space({"version": "1", "groups": [group], "labels": labels})


def tune_thresholds(
    scores: FloatArray, targets: FloatArray, space: LabelSpace, precision: float
) -> tuple[LabelDecision, ...]:
    """Both kinds, on the same photos."""
    tag = best_tag_thresholds(scores, targets, space)
    return label_decisions(tag, tune_accept_thresholds(scores, targets, space, precision), space)


def dataset(
    seed: int, photos: int = 300, labels: int = 4, decimals: int = 3
) -> tuple[FloatArray, FloatArray]:
    """Scores that are right more often than not, with ties, and their targets."""
    rng = np.random.default_rng(seed)
    scores = rng.random((photos, labels)).round(decimals).astype(np.float32)
    targets = (rng.random((photos, labels)) < scores**2).astype(np.float32)
    return scores, targets


def f1_at(threshold: float, scores: FloatArray, targets: FloatArray) -> float:
    tags = scores >= np.float32(threshold)
    hits = ((targets == 1) & tags).sum()
    return float(2 * hits / (tags.sum() + (targets == 1).sum()))


def sure_precision_at(threshold: float, scores: FloatArray, targets: FloatArray) -> float:
    """The lower end of the one-sided 90% interval: where so many hits have a chance of 10%."""
    accepted = targets[scores >= np.float32(threshold)] == 1
    hits, count = int(accepted.sum()), len(accepted)
    if not hits:
        return 0.0
    return float(brentq(lambda share: binom.sf(hits - 1, count, share) - 0.1, 0, 1))


def cuts(scores: FloatArray) -> list[float]:
    """A threshold for each way to divide the scores."""
    values = np.unique(scores).astype(np.float64)
    return [*((values[1:] + values[:-1]) / 2), float(values[0])]


@pytest.mark.parametrize("decimals", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_threshold_has_the_best_f1_of_all_cuts(seed: int, decimals: int) -> None:
    scores, targets = dataset(seed, decimals=decimals)
    decisions = tune_thresholds(scores, targets, independent_labels(4), 0.9)
    for decision, column, truth in zip(decisions, scores.T, targets.T, strict=True):
        best = max(f1_at(cut, column, truth) for cut in cuts(column))
        assert f1_at(decision.threshold, column, truth) == pytest.approx(best)


@pytest.mark.parametrize("decimals", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_accepted_is_surely_precise_enough(seed: int, decimals: int) -> None:
    scores, targets = dataset(seed, photos=1500, decimals=decimals)
    accept = tune_accept_thresholds(scores, targets, independent_labels(4), 0.6)
    for threshold, column, truth in zip(accept, scores.T, targets.T, strict=True):
        assert (column >= threshold).sum() >= 0.2 * len(column)
        assert sure_precision_at(float(threshold), column, truth) >= 0.6


def test_a_precision_that_is_not_reached_is_rarely_taken_for_one_that_is() -> None:
    """Right in 94% of cases, whatever the score: at most one in ten may pass for 95%."""
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(300):
        scores = rng.random((600, 1), dtype=np.float32)
        targets = (rng.random((600, 1)) < 0.94).astype(np.float32)
        accept = tune_accept_thresholds(scores, targets, independent_labels(1), 0.95)
        passed += bool(np.isfinite(accept[0]))
    assert passed <= 0.1 * 300


def test_nothing_below_the_lowest_score_that_was_seen_is_accepted() -> None:
    scores = np.linspace(1, 0.6, 100, dtype=np.float32)[:, None]
    targets = np.ones((100, 1), np.float32)
    (decision,) = tune_thresholds(scores, targets, independent_labels(1), 0.95)
    assert decision.accept_threshold == pytest.approx(0.6, abs=2e-6)
    assert np.float32(decision.threshold) <= scores.min()


@pytest.mark.parametrize("seed", SEEDS)
def test_accept_is_never_below_the_threshold(seed: int) -> None:
    decisions = tune_thresholds(*dataset(seed), independent_labels(4), 0.5)
    for decision in decisions:
        assert decision.accept_threshold is not None
        assert decision.accept_threshold >= decision.threshold


def test_a_precision_never_reached_means_never_trusted() -> None:
    scores, targets = dataset(0)
    targets[:, 0] = np.arange(len(targets)) % 2  # right half of the time, whatever the score
    first, *_ = tune_thresholds(scores, targets, independent_labels(4), 0.95)
    assert first.accept_threshold is None


def test_a_few_right_ones_are_not_enough_to_be_trusted() -> None:
    """0.95 ** 44 > 0.1 >= 0.95 ** 45: fewer than 45 of 45 may be luck."""
    scores = np.linspace(1, 0, 100, dtype=np.float32)[:, None]
    targets = np.zeros((100, 1), np.float32)
    targets[:44] = 1
    (few,) = tune_thresholds(scores, targets, independent_labels(1), 0.95)
    targets[:45] = 1
    (enough,) = tune_thresholds(scores, targets, independent_labels(1), 0.95)
    assert few.accept_threshold is None
    assert enough.accept_threshold == pytest.approx((scores[44, 0] + scores[45, 0]) / 2, abs=1e-6)


def test_a_gap_is_divided_in_the_middle() -> None:
    scores = np.array([[0.9]] * 60 + [[0.2]] * 60, np.float32)
    targets = np.array([[1]] * 60 + [[0]] * 60, np.float32)
    (decision,) = tune_thresholds(scores, targets, independent_labels(1), 0.95)
    assert (decision.threshold, decision.accept_threshold) == pytest.approx((0.55, 0.55), abs=2e-6)


def test_in_an_exclusive_group_only_the_best_label_counts() -> None:
    """Label 1 is high in every photo, but only where it is the best can it become a tag."""
    scores = np.array([[0.9, 0.8]] * 200 + [[0.1, 0.6]] * 200, np.float32)
    targets = np.array([[1, 0]] * 200 + [[0, 1]] * 200, np.float32)
    _, second = tune_thresholds(scores, targets, exclusive_labels(2), 0.95)
    assert second.threshold == pytest.approx(0.6, abs=2e-6)  # nothing below is a candidate
    assert second.accept_threshold == pytest.approx(0.6, abs=2e-6)
    _, alone = tune_thresholds(scores, targets, independent_labels(2), 0.95)
    assert alone.accept_threshold is None


@pytest.mark.parametrize("seed", SEEDS)
def test_in_an_exclusive_group_no_threshold_gives_better_tags(seed: int) -> None:
    scores, _ = dataset(seed)
    rng = np.random.default_rng(seed)
    true = np.where(rng.random(300) < 0.7, scores.argmax(axis=1), rng.integers(4, size=300))
    targets = np.eye(4, dtype=np.float32)[true]
    space = exclusive_labels(4)
    thresholds = np.array(
        [each.threshold for each in tune_thresholds(scores, targets, space, 0.9)], np.float32
    )

    def f1(label: int, threshold: float) -> float:
        tried = thresholds.copy()
        tried[label] = threshold
        tags = select_tags(scores, tried, space)[:, label]
        hits = (tags & (true == label)).sum()
        return float(2 * hits / (tags.sum() + (true == label).sum()))

    for label in range(4):
        best = max(f1(label, cut) for cut in cuts(scores[:, label]))
        assert f1(label, float(thresholds[label])) == pytest.approx(best)


def test_labels_with_few_examples_take_the_groups_threshold() -> None:
    rng = np.random.default_rng(1)
    targets = np.zeros((200, 3), np.float32)
    targets[:100, 0] = 1
    targets[:3, 1] = targets[3:6, 2] = 1
    scores = (0.5 * targets + rng.uniform(0, 0.4, targets.shape)).astype(np.float32)
    scores[:, 0] *= 0.5
    many, few, fewer = tune_thresholds(scores, targets, independent_labels(3), 0.9)
    everything = tune_thresholds(
        scores.reshape(-1, 1), targets.reshape(-1, 1), independent_labels(1), 0.9
    )[0]
    assert few.threshold == fewer.threshold == everything.threshold
    assert many.threshold != few.threshold


def test_unknown_targets_do_not_count() -> None:
    scores, targets = dataset(3)
    more_scores = np.concatenate([scores, np.random.default_rng(9).random((90, 4))])
    more_targets = np.concatenate([targets, np.full((90, 4), math.nan)])
    space = independent_labels(4)
    assert tune_thresholds(
        more_scores.astype(np.float32), more_targets.astype(np.float32), space, 0.8
    ) == tune_thresholds(scores, targets, space, 0.8)


def test_without_any_example_the_threshold_is_a_half_and_nothing_is_trusted() -> None:
    scores = np.random.default_rng(4).random((50, 2)).astype(np.float32)
    for targets in (np.zeros((50, 2)), np.full((50, 2), math.nan)):
        for decision in tune_thresholds(
            scores, targets.astype(np.float32), independent_labels(2), 0.9
        ):
            assert (decision.threshold, decision.accept_threshold) == (0.5, None)


def test_decisions_are_in_the_order_of_the_label_space() -> None:
    labels = [
        {"id": name, "name": name, "group": group}
        for name, group in (("x", "one"), ("y", "two"), ("z", "one"))
    ]
    groups = [{"name": name, "title": name} for name in ("two", "one")]
    space = parse_label_space({"version": "1", "groups": groups, "labels": labels})
    decisions = tune_thresholds(*dataset(0, labels=3), space, 0.9)
    assert [decision.id for decision in decisions] == ["x", "y", "z"]


def frequencies(seed: int, photos: int) -> tuple[FloatArray, FloatArray]:
    """Scores of a common and a rare label, each right as often as it says, and their targets."""
    rng = np.random.default_rng(seed)
    scores = rng.beta([0.5, 0.1], [0.5, 2.0], (photos, 2)).astype(np.float32)
    return scores, (rng.random(scores.shape) < scores).astype(np.float32)


def expected(scores: FloatArray, space: LabelSpace) -> FloatArray:
    return expected_tag_thresholds(scores, np.ones_like(scores, bool), space)


def test_the_f1_that_scores_lead_to_expect_is_the_best_that_there_is() -> None:
    scores, targets = frequencies(0, photos=100_000)
    thresholds = expected(scores, independent_labels(2))
    best = best_tag_thresholds(scores, targets, independent_labels(2))
    for index, threshold in enumerate(thresholds):
        reached = f1_at(threshold, scores[:, index], targets[:, index])
        assert reached == pytest.approx(2 * threshold, abs=0.02)
        assert reached == pytest.approx(
            f1_at(best[index], scores[:, index], targets[:, index]), abs=3e-3
        )


def test_with_few_photos_expected_thresholds_give_better_tags_than_tried_ones() -> None:
    new = frequencies(1, photos=100_000)
    space = independent_labels(2)
    gains = []
    for seed in range(30):
        few = frequencies(2 + seed, photos=400)
        by_expectation, by_trial = expected(few[0], space), best_tag_thresholds(*few, space)
        gains.append(
            [
                f1_at(one, scores, targets) - f1_at(other, scores, targets)
                for one, other, scores, targets in zip(
                    by_expectation, by_trial, new[0].T, new[1].T, strict=True
                )
            ]
        )
    assert (np.mean(gains, axis=0) > 0).all()


def test_a_label_of_which_nothing_is_known_does_not_become_a_tag_everywhere() -> None:
    scores, _ = frequencies(0, photos=1000)
    scores = np.column_stack([scores, np.full(1000, 0.001, np.float32)])
    thresholds = expected(scores, independent_labels(3))
    assert thresholds[2] > 0.2
    # As its group has it, which it hardly changes.
    alone = expected(scores[:, :2].reshape(-1, 1), independent_labels(1))
    assert thresholds[2] == pytest.approx(alone[0], abs=1e-3)


def test_a_label_that_is_never_the_best_of_its_group_takes_the_groups_threshold() -> None:
    scores = np.array([[0.6, 0.3], [0.7, 0.2]], np.float32)
    thresholds = expected(scores, exclusive_labels(2))
    assert thresholds == pytest.approx([1.3 / (2 + 1.8)] * 2)


def test_a_group_that_is_not_known_of_any_photo_keeps_the_threshold_of_a_half() -> None:
    scores, _ = frequencies(0, photos=100)
    thresholds = expected_tag_thresholds(scores, np.zeros_like(scores, bool), independent_labels(2))
    assert (thresholds == 0.5).all()


def test_photos_of_which_a_label_is_unknown_say_nothing_about_its_threshold() -> None:
    scores, _ = frequencies(0, photos=1000)
    known = np.ones_like(scores, bool)
    known[:500, 0] = False
    space = independent_labels(2)
    first, second = expected_tag_thresholds(scores, known, space)
    assert first == expected(scores[500:], space)[0] != expected(scores, space)[0]
    assert second == expected(scores, space)[1]
