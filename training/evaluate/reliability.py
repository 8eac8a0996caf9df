"""Whether scores mean what they say: calibration error of a group's best label."""

from typing import Any

import numpy as np
import numpy.typing as npt

from hangtag.arrays import BoolArray, DoubleArray, FloatArray
from training.evaluate.group_answers import GroupAnswers
from training.evaluate.resampling import Resamples, ratio

_BINS = 15
_SIMULATIONS = 500
_UNLUCKY = 0.95


def reliability(answers: GroupAnswers) -> dict[str, Any]:
    """Return the expected calibration error of one group, and its bins.

    `ece` of the best label's score in 15 bins of equal width: Guo et al. 2017,
    https://arxiv.org/abs/1706.04599. It is above 0 by chance alone, the more so the fewer photos:
    `chance_ece` is what a perfectly calibrated tagger with these very scores would get on average,
    and `chance_ece_95` what it would stay below in 95% of cases (Bröcker and Smith 2007,
    https://doi.org/10.1175/WAF993.1). None where no photo is known.
    """
    if not len(answers.rows):
        return {"ece": None, "chance_ece": None, "chance_ece_95": None, "bins": []}
    confidence = answers.confidence.astype(np.float64)
    membership = _membership(confidence)
    draws = np.random.default_rng(0).random((_SIMULATIONS, len(confidence)))
    by_chance = _calibration_errors(draws < confidence, confidence, membership)
    return {
        "ece": float(_calibration_errors(answers.right[None], confidence, membership)[0]),
        "chance_ece": float(by_chance.mean()),
        "chance_ece_95": float(np.quantile(by_chance, _UNLUCKY)),
        "bins": _bins(answers.right, answers.confidence, membership),
    }


def resampled_error(answers: GroupAnswers, resamples: Resamples) -> DoubleArray:
    """Return the `ece` of one group in each resample of all photos; NaN where none is known."""
    drawn = resamples.among(answers.rows)
    confidence = answers.confidence.astype(np.float64)
    gaps = _membership(confidence) * (answers.right - confidence)[:, None]
    known = drawn.total(np.ones(len(answers.rows)))
    return ratio(np.abs(drawn.total(gaps)).sum(axis=0), known)


def _membership(confidence: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (n, bins): 1 in the bin that each photo's score (n,) falls in, else 0."""
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    membership: BoolArray = bins[:, None] == np.arange(_BINS)
    return membership.astype(np.float64)


def _calibration_errors(
    right: BoolArray, confidence: npt.NDArray[np.float64], membership: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return (T,) of T outcomes (T, n): |share right - mean score| over bins, by their photos."""
    gaps = np.abs((right - confidence) @ membership)
    errors: npt.NDArray[np.float64] = gaps.sum(axis=1) / len(confidence)
    return errors


def _bins(
    right: BoolArray, confidence: FloatArray, membership: npt.NDArray[np.float64]
) -> list[dict[str, float]]:
    photos = membership.sum(axis=0)
    return [
        {
            "low": place / _BINS,
            "high": (place + 1) / _BINS,
            "photos": int(photos[place]),
            "score": float(confidence @ membership[:, place] / photos[place]),
            "right": float(right @ membership[:, place] / photos[place]),
        }
        for place in np.flatnonzero(photos).tolist()
    ]
