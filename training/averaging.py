"""The exponential moving average of the weights, which generalises better than the last ones."""

from __future__ import annotations

from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


def ema_callback(decay: float) -> WeightAveraging:
    """Return the callback that validates, saves and ends with averaged weights.

    After n steps the average keeps min(decay, (1 + n) / (10 + n)) of itself: a short run would
    otherwise end with much of the weights that it began with.
    """

    def average(averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        kept = min(decay, (1 + int(steps)) / (10 + int(steps)))
        # Of equal ones the difference is 0: integers among the buffers stay what they are.
        return averaged + (1 - kept) * (current - averaged)

    return WeightAveraging(avg_fn=average)
