"""Scores and tags of recipes, beside those of the service."""

from dataclasses import replace

import numpy as np
import pytest

from bench.recipes.decision_rule import by_decision_rule, nearest_decisions, recipe_scores
from hangtag.scoring.decisions import sigmoid
from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.evaluated import Evaluated
from training.evaluate.resampling import Resamples
from training.evaluate.summary_metrics import summary_metrics

PHOTOS = evaluated(60)
SPACE = PHOTOS.label_space


def scored(**scores: float) -> Evaluated:
    """One photo, 0.1 for all labels but these."""
    row = [scores.get(str(label.id), 0.1) for label in SPACE.labels]
    return replace(
        evaluated(1),
        scores=np.array([row], np.float32),
        decisions=nearest_decisions(SPACE, "sigmoid").decisions,
    )


def tags(photos: Evaluated) -> set[str]:
    return {str(SPACE.labels[index].id) for index in np.flatnonzero(photos.tags[0])}


def test_a_flat_threshold_knows_no_groups_and_no_parents() -> None:
    photos = scored(t0=0.9, c0=0.6, c1=0.7, d2=0.5)
    assert tags(by_decision_rule(photos, "sigmoid")) == {"t0", "c0", "c1", "d2"}
    assert tags(photos) == {"c1", "d2"}


def test_the_best_label_of_an_exclusive_group_is_its_tag_whatever_it_scores() -> None:
    photos = scored(k1=0.2, t0=0.3, c2=0.15, d0=0.49, d1=0.51)
    assert tags(by_decision_rule(photos, "softmax")) == {"k1", "t0", "c2", "d1"}


def test_the_figures_are_those_of_its_own_tags() -> None:
    own = by_decision_rule(PHOTOS, "softmax")
    resamples = Resamples(PHOTOS.duplicate_groups, rounds=5)
    figures, service = summary_metrics(own, resamples), summary_metrics(PHOTOS, resamples)
    known = own.tags & own.known
    expected = 2 * (known & own.true).sum() / (known.sum() + own.true.sum())
    assert figures["micro_f1"][0] == pytest.approx(expected)
    assert figures["micro_f1"][0] != service["micro_f1"][0]
    # Nothing but the tags differs.
    np.testing.assert_array_equal(figures["map"], service["map"])


def test_scores_are_sigmoids_or_a_softmax_in_each_exclusive_group() -> None:
    logits = np.random.default_rng(0).normal(size=(5, len(SPACE))).astype(np.float32)
    flat, best = (recipe_scores(logits, SPACE, each) for each in ("sigmoid", "softmax"))
    np.testing.assert_array_equal(flat, sigmoid(logits))
    for name in ("kind", "type", "colour"):
        np.testing.assert_allclose(best[:, SPACE.indices_of_group(name)].sum(axis=1), 1, atol=1e-6)
    details = list(SPACE.indices_of_group("details"))
    np.testing.assert_array_equal(best[:, details], flat[:, details])
    assert best.dtype == flat.dtype == np.float32
