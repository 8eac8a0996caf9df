"""Average precision of many resamples, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from training.evaluate.average_precision import average_precisions


@pytest.mark.parametrize("decimals", [1, 8], ids=["many ties", "no ties"])
def test_it_is_what_scikit_learn_says(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    scores = rng.random(80).round(decimals).astype(np.float32)
    true = rng.random(80) < scores / 2
    weights = rng.integers(0, 4, (80, 6)).astype(np.float32)
    expected = [average_precision_score(true, scores, sample_weight=each) for each in weights.T]
    assert average_precisions(scores, true, weights) == pytest.approx(expected)


def test_a_draw_without_the_label_has_none() -> None:
    scores, true = np.array([0.9, 0.1], np.float32), np.array([True, False])
    weights = np.array([[1, 0], [1, 2]], np.float32)
    assert average_precisions(scores, true, weights) == pytest.approx([1, np.nan], nan_ok=True)


def test_a_label_that_no_photo_has_has_none() -> None:
    found = average_precisions(
        np.ones(3, np.float32), np.zeros(3, np.bool_), np.ones((3, 2), np.float32)
    )
    assert np.isnan(found).all()
