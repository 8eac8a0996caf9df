"""Which photos an epoch shows, and in which order: by seed and epoch alone.

A run that is gone on with thus sees what it would have seen without the interruption.
"""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from hangtag.arrays import FloatArray, Indices
from training.data.process import process_number


def draws_of_photos(targets: FloatArray, balance_max_count: int | None) -> FloatArray:
    """Return (N,): how often an epoch draws each photo on average, at least once.

    Photos of a label that n < balance_max_count photos have are drawn balance_max_count / n times;
    each photo goes by its rarest label, since photos with a rare type have a common gender too.
    Common labels are not thinned out, which would cost calibration. The repeat factors of
    Gupta et al. 2019, https://arxiv.org/abs/1908.03195, without their square root.

    Parameters
    ----------
    targets : (N, L), 1 where a label holds
    """
    if balance_max_count is None:
        return np.ones(len(targets), np.float32)
    held = targets == 1
    rarest = np.where(held, held.sum(axis=0), np.inf).min(axis=1, initial=np.inf)
    draws: FloatArray = np.maximum(1, balance_max_count / rarest).astype(np.float32)
    return draws


class EpochSampler(Sampler[int]):
    """Draws photos in an order that seed and epoch decide; processes get shares of equal size.

    Parameters
    ----------
    draws : (N,), how often an epoch draws each photo on average
    processes : how many share an epoch; each draw goes to one of them
    """

    def __init__(self, draws: FloatArray, seed: int, processes: int = 1) -> None:
        self._draws = draws
        self._seed = seed
        self._processes = processes
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning's, before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return _count(self._draws) // self._processes

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self._seed, self._epoch])
        drawn = draw(self._draws, generator)
        share = drawn[process_number() :: self._processes]
        return iter(share[: len(self)].tolist())


class ShareSampler(Sampler[int]):
    """The share of `count` photos that a process looks at: each photo is in one share."""

    def __init__(self, count: int, processes: int) -> None:
        self._count = count
        self._processes = processes

    def _share(self) -> range:
        return range(process_number(), self._count, self._processes)

    def __len__(self) -> int:
        return len(self._share())

    def __iter__(self) -> Iterator[int]:
        return iter(self._share())


def draw(draws: FloatArray, generator: np.random.Generator) -> Indices:
    """Return positions in random order, each as often as `draws` (N,) says, rounded up or down.

    Systematic sampling: points at equal distances on a line on which each photo is as long as it
    is to be drawn.
    """
    order = generator.permutation(len(draws))
    ends = np.cumsum(draws[order], dtype=np.float64)
    count = _count(draws)
    points = (np.arange(count) + generator.random()) * (ends[-1] / count)
    # Rounded, the last point may come to lie at the end of the line.
    hit = np.searchsorted(ends, points, side="right").clip(max=len(draws) - 1)
    drawn: Indices = generator.permutation(order[hit])
    return drawn


def _count(draws: FloatArray) -> int:
    return round(float(draws.sum(dtype=np.float64)))
