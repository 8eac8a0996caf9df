"""Figures of the harder photos."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.evaluated import NEW_TITLE
from training.evaluate.metrics import evaluate, micro_f1
from training.evaluate.resampling import Resamples, intervals
from training.evaluate.slices import apart_by_title, slice_figures
from training.evaluate.summary_metrics import summary_metrics

RARE = "rarest label has fewer than 50 train photos"
COMMON = "all labels have 50 train photos or more"
SMALL = "shorter side below 200 px"


def test_each_slice_is_measured_on_its_own_photos() -> None:
    photos = evaluated(200)
    figures = slice_figures(photos, Resamples(photos.duplicate_groups, 20))
    chosen = {
        "all photos": np.ones(200, np.bool_),
        SMALL: photos.sizes_px.min(axis=1) < 200,
        "title is new": photos.slices["title is new"],
    }
    for name, rows in chosen.items():
        expected = micro_f1(
            photos.scores[rows], photos.targets[rows], photos.tag_thresholds, photos.label_space
        )
        assert 0 < figures[name]["photos"] == rows.sum()
        assert figures[name]["micro_f1"]["value"] == pytest.approx(expected)


def test_a_photo_is_rare_by_its_rarest_true_label() -> None:
    photos = evaluated(60)
    rare = photos.label_space.index_of("c3")
    together = np.full_like(photos.train_together, 500)
    together[rare, rare] = 49
    figures = slice_figures(
        replace(photos, train_together=together), Resamples(photos.duplicate_groups, 1)
    )
    assert 0 < figures[RARE]["photos"] == photos.true[:, rare].sum()
    assert figures[RARE]["photos"] + figures[COMMON]["photos"] == 60


def test_a_slice_without_photos_has_no_figures() -> None:
    photos = evaluated(10, sizes_px=np.full((10, 2), 800))
    figures = slice_figures(photos, Resamples(photos.duplicate_groups, 1))
    nothing = {"value": None, "low": None, "high": None}
    assert figures[SMALL] == {"photos": 0, "micro_f1": nothing, "exact_match": nothing}


def width(figure: dict[str, float | None]) -> float:
    low, high = figure["low"], figure["high"]
    assert low is not None
    assert high is not None
    return high - low


def test_photos_apart_by_title_have_all_summary_metrics() -> None:
    photos = evaluated(200)
    chosen = np.arange(200) % 3 == 0
    resamples = Resamples(photos.duplicate_groups, 50)
    found = apart_by_title(replace(photos, slices={NEW_TITLE: chosen}), resamples)
    assert found is not None
    assert found["photos"] == 67
    assert found["near_duplicate_groups"] == len(np.unique(photos.duplicate_groups[chosen]))
    assert found["headline"].keys() == summary_metrics(photos, resamples).keys()
    metrics = evaluate(
        photos.scores[chosen], photos.targets[chosen], photos.tag_thresholds, photos.label_space
    )
    expected = {
        **{name: metrics[name] for name in ("micro_f1", "macro_f1", "samples_f1", "map")},
        **{f"accuracy.{name}": each["accuracy"] for name, each in metrics["groups"].items()},
    }
    for name, value in expected.items():
        figure = found["headline"][name]
        assert figure["value"] == pytest.approx(value, rel=1e-5)
        assert figure["low"] < value < figure["high"]
    # Fewer photos say less.
    everyone = intervals(summary_metrics(photos, resamples))["micro_f1"]
    fewer = found["headline"]["micro_f1"]
    assert width(fewer) > width(everyone)


@pytest.mark.parametrize("share", [0, 1])
def test_where_titles_never_or_always_cross_the_split_nothing_is_shown(share: int) -> None:
    photos = evaluated(10)
    resamples = Resamples(photos.duplicate_groups, 1)
    chosen = np.full(10, bool(share))
    assert apart_by_title(replace(photos, slices={NEW_TITLE: chosen}), resamples) is None
    assert apart_by_title(replace(photos, slices={}), resamples) is None
