"""How far a figure could be off: the bootstrap by near-duplicate group.

Photos of one group are not independent, so whole groups are drawn (the cluster bootstrap, Field
and Welsh 2007, https://doi.org/10.1111/j.1467-9868.2007.00593.x). A figure is an array of 1 + R
values: that of the photos as they are, then one a draw. Two taggers that were measured on the same
draws may be subtracted: the interval of their difference is the paired one.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hangtag.arrays import BoolArray, DoubleArray, FloatArray, Indices

Interval = dict[str, float | None]

ROUNDS = 1000
INTERVAL = 0.95


class Resamples:
    """R draws of the groups of N photos, with replacement.

    `weights`, float32 (N, 1 + R), says how often each photo was drawn; the first column is 1.
    """

    def __init__(self, duplicate_groups: Indices, rounds: int = ROUNDS, seed: int = 0) -> None:
        names, members = np.unique(duplicate_groups, return_inverse=True)
        shares = np.full(len(names), 1 / len(names))
        drawn = np.random.default_rng(seed).multinomial(len(names), shares, size=rounds)
        counts = np.vstack([np.ones(len(names)), drawn]).T
        self.weights: FloatArray = counts.astype(np.float32)[members]

    def among(self, chosen: BoolArray | Indices) -> Resamples:
        """Return the same draws of the chosen photos alone."""
        few = copy.copy(self)
        few.weights = self.weights[chosen]
        return few

    def total(self, values: npt.NDArray[np.generic]) -> DoubleArray:
        """Return the sums of values (N,) as (1 + R,), or of values (N, K) as (K, 1 + R)."""
        totals: DoubleArray = (values.astype(np.float32).T @ self.weights).astype(np.float64)
        return totals

    def mean(
        self, values: npt.NDArray[np.generic], counted: BoolArray | None = None
    ) -> DoubleArray:
        """Return the means of values (N,) over the `counted` photos (N,); NaN where none is."""
        counted = np.ones(len(values), np.bool_) if counted is None else counted
        return ratio(self.total(np.where(counted, values, 0)), self.total(counted))


def ratio(numerators: DoubleArray, denominators: DoubleArray) -> DoubleArray:
    """Return the quotients, NaN where the denominator is 0."""
    quotients: DoubleArray = np.full(np.broadcast(numerators, denominators).shape, np.nan)
    np.divide(numerators, denominators, out=quotients, where=denominators > 0)
    return quotients


def intervals(figures: Mapping[str, DoubleArray]) -> dict[str, Interval]:
    """Return the interval of each figure."""
    return {name: interval(rounds) for name, rounds in figures.items()}


def interval(rounds: DoubleArray, least: float = 0.0) -> Interval:
    """Return `value` and the ends `low` and `high` of its 95% interval, for json; None for NaN.

    The percentile interval of the draws, moved so that their median is the value: draws repeat
    photos and lack rare labels, which lifts macro-F1 and mAP above what they are, at times all of
    them, where Efron's bias correction (1981, https://doi.org/10.2307/3314608) breaks down. It ends
    where the figure does: at 1, and at `least`, which is 0 but for differences, of which it is -1.
    """
    value, drawn = rounds[0], rounds[1:][~np.isnan(rounds[1:])]
    if np.isnan(value) or not len(drawn):
        return {"value": None if np.isnan(value) else float(value), "low": None, "high": None}
    tail = (1 - INTERVAL) / 2
    low, median, high = np.quantile(drawn, [tail, 0.5, 1 - tail])
    low, high = np.clip([value + low - median, value + high - median], least, 1)
    return {"value": float(value), "low": float(low), "high": float(high)}
