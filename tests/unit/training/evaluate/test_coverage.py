"""Whether sets hold what they promise."""

from typing import Any

import numpy as np
import pytest

from hangtag.bundle import GroupSet, PredictionSets
from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.coverage import set_coverage
from training.evaluate.group_answers import group_answers
from training.evaluate.resampling import Resamples


def coverage_of(group: str, threshold: float | None) -> dict[str, Any] | None:
    sets = PredictionSets(coverage=0.9, groups=(GroupSet(group=group, threshold=threshold),))
    photos = evaluated(400, prediction_sets=sets)
    resamples = Resamples(photos.duplicate_groups, 100)
    return set_coverage(photos, group_answers(photos, group), resamples)


def test_exclusive_groups_count_photos_whose_label_is_in_the_set() -> None:
    found = coverage_of("colour", 0.3)
    photos = evaluated(400)
    columns = list(photos.label_space.indices_of_group("colour"))
    known = ~np.isnan(photos.targets[:, columns]).any(axis=1)
    scores, true = photos.scores[known][:, columns], photos.targets[known][:, columns] == 1
    assert found is not None
    assert found["photos"] == known.sum()
    assert found["coverage"]["value"] == pytest.approx((scores[true] >= 0.3).mean())
    assert found["mean_size"] == pytest.approx((scores >= 0.3).sum(axis=1).mean())
    assert found["empty"] == pytest.approx((scores < 0.3).all(axis=1).mean())


def test_other_groups_count_the_share_of_a_photos_labels() -> None:
    found = coverage_of("details", 0.5)
    photos = evaluated(400)
    columns = list(photos.label_space.indices_of_group("details"))
    shares = [
        (scores[true == 1] >= 0.5).mean()
        for scores, true in zip(photos.scores[:, columns], photos.targets[:, columns], strict=True)
        if true.any()
    ]
    assert found is not None
    assert found["coverage"]["value"] == pytest.approx(np.mean(shares))


@pytest.mark.parametrize(("threshold", "coverage"), [(0.0, 1.0), (1.0, 0.0)])
def test_everything_or_nothing(threshold: float, coverage: float) -> None:
    found = coverage_of("type", threshold)
    assert found is not None
    assert found["coverage"]["value"] == coverage


def test_no_promise_no_coverage() -> None:
    assert coverage_of("colour", None) is None
