"""Figures of the harder photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.report.synthetic import evaluated
from training.evaluation import micro_f1
from training.report.resampling import Resamples
from training.report.slices import slice_figures

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
