"""The same figures on photos that are harder than others."""

from typing import Any

import numpy as np

from hangtag.arrays import BoolArray
from training.evaluate.evaluated import NEW_TITLE, Evaluated
from training.evaluate.resampling import Resamples, interval, intervals
from training.evaluate.summary_metrics import exact_match, micro_f1, summary_metrics

RARE_TRAIN_PHOTOS = 50
SMALL_SIDE_PX = 200


def slice_figures(evaluated: Evaluated, resamples: Resamples) -> dict[str, dict[str, Any]]:
    """Return photos, micro-F1 and exact match of each slice, and of all photos."""
    everything = np.ones(len(evaluated), np.bool_)
    return {
        name: {
            "photos": int(chosen.sum()),
            "micro_f1": interval(micro_f1(evaluated, resamples, chosen)),
            "exact_match": interval(exact_match(evaluated, resamples, chosen)),
        }
        for name, chosen in {"all photos": everything, **_slices(evaluated)}.items()
    }


def apart_by_title(evaluated: Evaluated, resamples: Resamples) -> dict[str, Any] | None:
    """Return the summary metrics of the test photos whose title no train photo has.

    Where the split keeps near-duplicates apart but not titles, the other photos are easier: their
    product was learned from, in other photos. None where titles do not cross the split, or always.
    """
    chosen = evaluated.slices.get(NEW_TITLE)
    if chosen is None or chosen.all() or not chosen.any():
        return None
    stricter = evaluated.among(chosen)
    return {
        "photos": len(stricter),
        "near_duplicate_groups": len(np.unique(stricter.duplicate_groups)),
        "headline": intervals(summary_metrics(stricter, resamples.among(chosen))),
    }


def _slices(evaluated: Evaluated) -> dict[str, BoolArray]:
    counts = np.where(evaluated.true, evaluated.train_counts, np.iinfo(np.int64).max)
    rare = counts.min(axis=1) < RARE_TRAIN_PHOTOS
    small = evaluated.sizes_px.min(axis=1) < SMALL_SIDE_PX
    return {
        f"rarest label has fewer than {RARE_TRAIN_PHOTOS} train photos": rare,
        f"all labels have {RARE_TRAIN_PHOTOS} train photos or more": ~rare,
        f"shorter side below {SMALL_SIDE_PX} px": small,
        f"shorter side {SMALL_SIDE_PX} px or more": ~small,
        **evaluated.slices,
    }
