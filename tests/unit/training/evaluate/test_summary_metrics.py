"""Headline figures and their resamples, against `evaluate` on photos that are really repeated."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.evaluated import Evaluated
from training.evaluate.group_answers import group_answers
from training.evaluate.metrics import evaluate
from training.evaluate.reliability import reliability
from training.evaluate.resampling import Resamples
from training.evaluate.summary_metrics import exact_match, micro_f1, summary_metrics

ROUNDS = 4


def by_evaluate(photos: Evaluated, rows: np.ndarray) -> dict[str, float]:
    metrics = evaluate(
        photos.scores[rows], photos.targets[rows], photos.tag_thresholds, photos.label_space
    )
    return {
        **{name: metrics[name] for name in ("micro_f1", "macro_f1", "samples_f1", "map")},
        **{f"accuracy.{name}": each["accuracy"] for name, each in metrics["groups"].items()},
    }


@pytest.mark.parametrize("draw", range(ROUNDS + 1))
def test_each_draw_is_what_its_photos_give(draw: int) -> None:
    photos = evaluated(120)
    resamples = Resamples(photos.duplicate_groups, ROUNDS)
    rows = np.repeat(np.arange(120), resamples.weights[:, draw].astype(int))
    found = {name: each[draw] for name, each in summary_metrics(photos, resamples).items()}
    del found["exact_match"], found["ece"]
    assert found == pytest.approx(by_evaluate(photos, rows), rel=1e-5)


@pytest.mark.parametrize("draw", range(ROUNDS + 1))
def test_the_calibration_error_is_the_mean_of_the_exclusive_groups(draw: int) -> None:
    photos = evaluated(120)
    resamples = Resamples(photos.duplicate_groups, ROUNDS)
    rows = np.repeat(np.arange(120), resamples.weights[:, draw].astype(int))
    drawn = replace(
        photos.among(np.ones(120, np.bool_)),
        **{
            name: getattr(photos, name)[rows]
            for name in ("scores", "targets", "duplicate_groups", "sizes_px", "embeddings")
        },
        paths=tuple(photos.paths[row] for row in rows),
        slices={},
    )
    errors = [reliability(group_answers(drawn, name))["ece"] for name in photos.exclusive_groups]
    assert summary_metrics(photos, resamples)["ece"][draw] == pytest.approx(
        np.mean(errors), rel=1e-4
    )


def test_groups_without_known_photos_have_no_part_in_the_calibration_error() -> None:
    photos = evaluated(50)
    colours = list(photos.label_space.indices_of_group("colour"))
    targets = photos.targets.copy()
    targets[:, colours] = np.nan
    resamples = Resamples(photos.duplicate_groups, 2)
    errors = [
        summary_metrics(replace(photos, targets=each), resamples)["ece"][0]
        for each in (targets, np.full_like(targets, np.nan))
    ]
    kinds = [reliability(group_answers(photos, name))["ece"] for name in ("kind", "type")]
    assert errors[0] == pytest.approx(np.mean(kinds), rel=1e-4)
    assert np.isnan(errors[1])


def test_micro_f1_of_some_photos_is_that_of_these_photos() -> None:
    photos = evaluated(100)
    chosen = np.arange(100) % 3 == 0
    found = micro_f1(photos, Resamples(photos.duplicate_groups, 0), chosen)
    expected = by_evaluate(photos, np.flatnonzero(chosen))["micro_f1"]
    assert found[0] == pytest.approx(expected)


def test_exact_match_wants_every_group_right_that_is_there() -> None:
    photos = evaluated(4)
    space = photos.label_space
    scores, targets = (
        np.full((4, len(space)), 0.1, np.float32),
        np.zeros((4, len(space)), np.float32),
    )
    kind, type_, colour = (space.index_of(each) for each in ("k0", "t0", "c0"))
    for row in range(4):
        scores[row, [kind, type_, colour]] = 0.8
        targets[row, [kind, type_, colour]] = 1
    targets[1, [colour, space.index_of("c1")]] = 0, 1  # wrong
    targets[2, colour] = 0  # has no colour: nothing to get wrong
    targets[3, list(space.indices_of_group("colour"))] = np.nan  # unknown: does not count
    photos = replace(photos, scores=scores, targets=targets)
    everyone = np.ones(4, np.bool_)
    found = exact_match(photos, Resamples(np.arange(4), 0), everyone)
    assert found[0] == pytest.approx(2 / 3)
