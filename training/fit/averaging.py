"""The exponential moving average of the weights, which generalises better than the last ones."""

from __future__ import annotations

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class ExponentialAveraging(WeightAveraging):
    """Validates, saves and ends with averaged weights.

    After n steps the average keeps min(decay, (1 + n) / (10 + n)) of itself: a short run would
    otherwise end with much of the weights that it began with.
    """

    def __init__(self, decay: float) -> None:
        self._decay = decay
        # Lightning asks for the network's device before it has moved the network there.
        device = torch.device("cuda") if torch.cuda.is_available() else None
        super().__init__(device=device, avg_fn=self._average)

    def _average(self, averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        kept = min(self._decay, (1 + int(steps)) / (10 + int(steps)))
        # Of equal ones the difference is 0: integers among the buffers stay what they are.
        return averaged + (1 - kept) * (current - averaged)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the average over.

        Upstream does so when training ends, which does not come where a run is gone on with
        after its last epoch.
        """
        del trainer
        self._copy_average_to_current(pl_module)
