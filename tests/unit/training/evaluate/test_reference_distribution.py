"""What the bundle remembers of test photos."""

import numpy as np
import pytest

from hangtag.bundle import Bundle, ReferenceDistribution, load_bundle, seal_bundle
from hangtag.scoring.decisions import Thresholds
from tests.tiny_tagger import tiny_label_space
from training.evaluate.reference_distribution import reference_distribution

THRESHOLDS = Thresholds(
    tag=np.full(5, 0.5, np.float32), accept=np.array([0.9, 0.9, 0.9, np.inf, 0.9], np.float32)
)
# Warm, Red (below Warm), Green, Blue, Bright.
SCORES = np.array(
    [
        [0.95, 0.95, 0.01, 0.01, 0.1],
        [0.95, 0.60, 0.30, 0.01, 0.2],
        [0.10, 0.05, 0.05, 0.80, 0.3],
        [0.10, 0.05, 0.25, 0.30, 0.4],
    ],
    np.float32,
)


def profile() -> ReferenceDistribution:
    return reference_distribution(SCORES, THRESHOLDS, tiny_label_space())


def test_it_holds_the_mean_of_each_groups_best_score() -> None:
    warmth, colour, tone = profile().groups
    assert [each.group for each in (warmth, colour, tone)] == ["warmth", "colour", "tone"]
    assert warmth.mean_best_score == pytest.approx((0.95 + 0.95 + 0.1 + 0.1) / 4, abs=1e-4)
    assert colour.mean_best_score == pytest.approx((0.95 + 0.6 + 0.8 + 0.3) / 4, abs=1e-4)
    assert tone.mean_best_score == pytest.approx(0.25, abs=1e-4)


def test_it_holds_the_share_of_each_decision() -> None:
    warmth, colour, tone = profile().groups
    assert warmth.shares == {"accept": 0.5, "none": 0.5}
    # Blue can never be accepted.
    assert colour.shares == {"accept": 0.25, "review": 0.5, "none": 0.25}
    assert tone.shares == {"none": 1.0}
    assert profile().photos == 4


def test_a_bundle_keeps_it(own_bundle: Bundle) -> None:
    assert own_bundle.manifest.profile is None
    seal_bundle(own_bundle.folder, own_bundle.manifest.model_copy(update={"profile": profile()}))
    assert load_bundle(own_bundle.folder).manifest.profile == profile()
