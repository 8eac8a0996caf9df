"""What the losses of a sweep say about the learning rate."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hangtag.arrays import DoubleArray
from hangtag.errors import DataInvalid

# How far a loss is averaged over its neighbours, in powers of ten of the rate.
_SMOOTHING_DECADES = 0.2
_FEWEST_STEPS = 10


@dataclass(frozen=True)
class RateCurve:
    """Losses (K,) of single steps at learning rates (K,) that grow by the same factor.

    Raises
    ------
    DataInvalid : if it has too few steps to say anything.
    """

    rates: DoubleArray
    losses: DoubleArray

    def __post_init__(self) -> None:
        if len(self.rates) < _FEWEST_STEPS:
            raise DataInvalid(
                f"The loss exploded after {len(self.rates)} steps at the lowest rates; "
                "look at the data and the weights."
            )

    @cached_property
    def smoothed(self) -> DoubleArray:
        """The losses without the noise of single batches, (K,)."""
        decades_per_step = float(np.log10(self.rates[1] / self.rates[0]))
        smoothed: DoubleArray = gaussian_filter1d(
            self.losses, _SMOOTHING_DECADES / decades_per_step, mode="nearest"
        )
        return smoothed

    @property
    def lowest(self) -> float:
        """The rate at which the loss is lowest: too high to train with, since it soon explodes."""
        return float(self.rates[self.smoothed.argmin()])

    @property
    def falls(self) -> bool:
        """Whether the loss falls at any rate."""
        return len(self._slopes) > 1 and bool(self._slopes.min() < 0)

    @cached_property
    def _slopes(self) -> DoubleArray:
        # Of what comes after the lowest loss, nothing is meant.
        end = int(self.smoothed.argmin()) + 1
        slopes: DoubleArray = np.gradient(self.smoothed, np.log10(self.rates))[:end]
        return slopes

    @property
    def steepest(self) -> float:
        """The rate at which the loss falls fastest, before it is lowest.

        Raises
        ------
        DataInvalid : if it falls nowhere.
        """
        if not self.falls:
            raise DataInvalid(
                "The loss falls at no learning rate; look at the data, or give larger batches."
            )
        return float(self.rates[self._slopes.argmin()])
