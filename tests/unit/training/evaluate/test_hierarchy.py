"""Contradictions, wins and siblings."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.evaluated import Evaluated
from training.evaluate.hierarchy import hierarchy_figures, lowest_level
from training.evaluate.resampling import Resamples

# Of six types, t0 and t3 are of kind k0, t1 and t4 of k1.
PREDICTED = ("t0", "t3", "t1", "t1")
TRUE = ("t0", "t0", "t0", "t4")


def four_photos() -> Evaluated:
    photos = evaluated(4)
    scores, targets = np.zeros_like(photos.scores), np.zeros_like(photos.targets)
    for row, (said, true) in enumerate(zip(PREDICTED, TRUE, strict=True)):
        for label_id, matrix, value in ((said, scores, 0.9), (true, targets, 1)):
            index = photos.label_space.index_of(label_id)
            matrix[row, index] = value
            parent = photos.label_space.parent_of(photos.label_space.labels[index])
            assert parent is not None
            matrix[row, photos.label_space.index_of(parent.id)] = value
    return replace(photos, scores=scores, targets=targets)


def test_win_and_same_parent() -> None:
    photos = four_photos()
    (hierarchy,) = hierarchy_figures(photos, Resamples(np.arange(4), 0))["families"]
    assert hierarchy["groups"] == ["kind", "type"]
    # Right at both levels; at the first; at none; at the first.
    assert hierarchy["win"]["value"] == pytest.approx((1 + 0.5 + 0 + 0.5) / 4)
    assert hierarchy["same_parent"]["value"] == pytest.approx(3 / 4)


def test_photos_without_a_label_at_every_level_do_not_count() -> None:
    photos = four_photos()
    photos.targets[2, list(photos.label_space.indices_of_group("type"))] = np.nan
    (hierarchy,) = hierarchy_figures(photos, Resamples(np.arange(4), 0))["families"]
    assert hierarchy["photos"] == 3
    assert hierarchy["win"]["value"] == pytest.approx(2 / 3)


def test_tags_never_contradict_the_hierarchy_and_scores_that_do_are_counted() -> None:
    photos = evaluated(50)
    child = photos.label_space.index_of("t0")
    parent = photos.label_space.index_of("k0")
    resamples = Resamples(np.arange(50), 0)
    found = hierarchy_figures(photos, resamples)
    assert (found["violations"], found["score_violations"]) == (0, 0)
    photos.scores[:7, [child, parent, photos.label_space.index_of("t3")]] = 0.9, 0.2, 0
    found = hierarchy_figures(replace(photos), resamples)
    assert (found["violations"], found["score_violations"]) == (0, 7)


def test_the_lowest_level_of_a_hierarchy_goes_before_groups_that_stand_alone() -> None:
    assert lowest_level(evaluated(2)) == "type"
