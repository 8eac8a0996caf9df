"""Temperatures, prediction sets and what is promised, on data whose truth is known."""

import math

import numpy as np
import pytest

from hangtag.arrays import FloatArray
from hangtag.bundle import PredictionSets
from hangtag.label_space import LabelSpace, parse_label_space
from hangtag.scoring.decisions import sigmoid
from hangtag.scoring.scorer import Scorer
from training.calibrate.calibration import fit_scoring
from training.calibrate.conformal import fit_prediction_sets

SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [
            {"name": "colour", "title": "Colour", "exclusive": True},
            {"name": "tone", "title": "Tone", "exclusive": False},
        ],
        "labels": [
            *({"id": f"c{i}", "name": f"c{i}", "group": "colour"} for i in range(4)),
            *({"id": f"t{i}", "name": f"t{i}", "group": "tone"} for i in range(3)),
        ],
    }
)
COLOURS, TONES = range(4), range(4, 7)


def honest(photos: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Logits that are exactly as sure as they should be, and targets drawn from them."""
    rng = np.random.default_rng(seed)
    logits = (2 * rng.normal(size=(photos, len(SPACE)))).astype(np.float32)
    targets = np.zeros_like(logits)
    powers = np.exp(logits[:, COLOURS])
    shares = np.concatenate([powers, np.ones((photos, 1))], axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    drawn = (shares.cumsum(axis=1) < rng.random((photos, 1))).sum(axis=1)
    targets[:, COLOURS] = np.eye(5, dtype=np.float32)[np.minimum(drawn, 4)][:, :4]
    targets[:, TONES] = rng.random((photos, 3)) < sigmoid(logits[:, TONES])
    return logits, targets


def temperatures(logits: FloatArray, targets: FloatArray) -> dict[str, float]:
    return {each.group: each.temperature for each in fit_scoring(logits, targets, SPACE, "softmax")}


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 2.5])
def test_the_temperature_takes_back_what_makes_logits_too_sure(too_sure: float) -> None:
    logits, targets = honest(20_000)
    found = temperatures(logits * np.float32(too_sure), targets)
    assert found == {
        "colour": pytest.approx(too_sure, rel=0.04),
        "tone": pytest.approx(too_sure, rel=0.04),
    }


def kinds_and_types(*children: int) -> LabelSpace:
    """Kinds, each with so many types."""
    return parse_label_space(
        {
            "version": "1",
            "groups": [
                {"name": "kind", "title": "Kind", "exclusive": True},
                {"name": "type", "title": "Type", "exclusive": True, "parent": "kind"},
            ],
            "labels": [
                *({"id": f"k{k}", "name": f"k{k}", "group": "kind"} for k in range(len(children))),
                *(
                    {"id": f"t{k}-{t}", "name": f"t{k}-{t}", "group": "type", "parent": f"k{k}"}
                    for k, count in enumerate(children)
                    for t in range(count)
                ),
            ],
        }
    )


def test_each_level_is_as_sure_as_it_should_be() -> None:
    """Below, a third of the labels are wrong, and the logits do not know."""
    space = kinds_and_types(2, 2)
    rng = np.random.default_rng(0)
    kind, type_ = rng.integers(2, size=6000), rng.integers(2, size=6000)
    shown = np.where(rng.random(6000) < 1 / 3, 1 - type_, type_)
    logits = np.zeros((6000, 6), np.float32)
    logits[np.arange(6000), 2 + 2 * kind + shown] = 8
    wrong_kind = rng.random(6000) < 0.02
    kind = np.where(wrong_kind, 1 - kind, kind)
    targets = np.concatenate([np.eye(2)[kind], np.eye(4)[2 * kind + type_]], axis=1)
    scoring = fit_scoring(logits, targets.astype(np.float32), space, "softmax")
    surest = np.sort(Scorer(space, scoring).scores(logits[:1])[0])[::-1]
    assert surest[:2] == pytest.approx([0.98, 0.98 * 2 / 3], abs=0.01)


def test_a_temperature_does_not_choose_whom_it_is_judged_by() -> None:
    """One kind has ten types and the other one: less sure of types, the other kind's would lead."""
    space = kinds_and_types(10, 1)
    shares = np.array([0.6 * 0.9, *[0.6 * 0.1 / 9] * 9, 0.4 - 1e-6])
    # "None of them" and kinds without a type have next to no share.
    logits = np.concatenate([[-9, -9], np.log(shares) + 12]).astype(np.float32)
    photos = 4000
    type_ = np.random.default_rng(1).choice(11, size=photos, p=shares / shares.sum())
    targets = np.concatenate([np.eye(2)[(type_ == 10).astype(int)], np.eye(11)[type_]], axis=1)
    scoring = fit_scoring(
        np.tile(logits, (photos, 1)), targets.astype(np.float32), space, "softmax"
    )
    scores = Scorer(space, scoring).scores(logits)
    assert scores[[0, 2]] == pytest.approx([0.6, 0.54], abs=0.02)


def test_labels_that_are_wrong_do_not_make_the_rest_too_sure() -> None:
    """Of ten photos one has a label that it does not show, which is as unlikely as it can be."""
    logits, targets = honest(20_000)
    noisy = np.random.default_rng(6).random(20_000) < 0.1
    targets[noisy, : len(COLOURS)] = np.roll(targets[noisy, : len(COLOURS)], 1, axis=1)
    scores = Scorer(SPACE, fit_scoring(logits, targets, SPACE, "softmax")).scores(logits)
    best = scores[:, COLOURS].argmax(axis=1)
    rows = np.arange(20_000)
    assert scores[rows, best].mean() == pytest.approx(targets[rows, best].mean(), abs=0.01)


def test_photos_that_are_all_right_do_not_make_scores_certain() -> None:
    logits = np.full((60, len(SPACE)), -5, np.float32)
    targets = np.zeros_like(logits)
    rows = np.arange(60)
    logits[rows, rows % 4], targets[rows, rows % 4] = 5, 1
    scorer = Scorer(SPACE, fit_scoring(logits, targets, SPACE, "softmax"))
    surest = scorer.scores(logits)[:, COLOURS].max(axis=1)
    assert 0.95 < surest.mean() < 0.995


def test_unknown_targets_do_not_count() -> None:
    logits, targets = honest(500)
    noise = np.random.default_rng(5).normal(size=(500, len(SPACE))).astype(np.float32)
    more = np.concatenate([logits, noise]), np.concatenate([targets, np.full_like(noise, math.nan)])
    alone, together = temperatures(logits, targets), temperatures(*more)
    assert together == {name: pytest.approx(value, rel=1e-3) for name, value in alone.items()}


def test_of_a_group_of_which_nothing_is_known_the_temperature_stays() -> None:
    logits, targets = honest(100)
    targets[:, TONES] = math.nan
    assert temperatures(logits, targets)["tone"] == 1.0


def scored(photos: int, seed: int) -> tuple[FloatArray, FloatArray]:
    logits, targets = honest(photos, seed)
    scorer = Scorer(SPACE, fit_scoring(logits, targets, SPACE, "softmax"))
    return scorer.scores(logits), targets


def threshold(sets: PredictionSets, group: str) -> float:
    found = sets.threshold_of(group)
    assert found is not None
    return found


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.97])
def test_sets_cover_as_many_new_photos_as_was_asked_for(coverage: float) -> None:
    sets = fit_prediction_sets(*scored(4000, 1), SPACE, coverage)
    scores, targets = scored(20_000, 2)
    has_colour = targets[:, COLOURS].any(axis=1)
    held = (scores[:, COLOURS] >= threshold(sets, "colour")) & (targets[:, COLOURS] == 1)
    assert held.any(axis=1)[has_colour].mean() == pytest.approx(coverage, abs=0.015)
    tones = targets[:, TONES] == 1
    has_tone = tones.any(axis=1)
    kept = ((scores[:, TONES] >= threshold(sets, "tone")) & tones)[has_tone].sum(axis=1)
    share = (kept / tones[has_tone].sum(axis=1)).mean()
    assert share == pytest.approx(coverage, abs=0.015)


def test_coverage_is_kept_on_average_over_small_calibration_sets() -> None:
    """With the (n + 1) of split conformal prediction; without it, it would be 0.82 here."""
    covered = []
    scores, targets = scored(4000, 3)
    has_colour = targets[:, COLOURS].any(axis=1)
    for seed in range(300):
        threshold = fit_prediction_sets(*_some(scores, targets, 16, seed), SPACE, 0.9).threshold_of(
            "colour"
        )
        if threshold is None:
            covered.append(1.0)
            continue
        held = (scores[:, COLOURS] >= threshold) & (targets[:, COLOURS] == 1)
        covered.append(float(held.any(axis=1)[has_colour].mean()))
    assert np.mean(covered) >= 0.89


def _some(
    scores: FloatArray, targets: FloatArray, count: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    rows = np.random.default_rng(seed).choice(len(scores), count, replace=False)
    return scores[rows], targets[rows]


def test_too_few_photos_promise_nothing() -> None:
    sets = fit_prediction_sets(*scored(6, 4), SPACE, 0.9)
    assert [each.threshold for each in sets.groups] == [None, None]


def test_the_set_of_a_group_that_is_unknown_is_none() -> None:
    space: LabelSpace = SPACE
    scores, targets = scored(100, 5)
    targets[:, COLOURS] = math.nan
    assert fit_prediction_sets(scores, targets, space, 0.9).threshold_of("colour") is None
