"""What watches a training: its progress, its end, numbers that run away, averaged weights."""

import math
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, RichProgressBar, WeightAveraging
from torch import Tensor

from training.errors import TrainingDiverged
from training.model.divergence import all_numbers

# fp16 steps over gradients that are too large for it, and takes smaller ones from then on.
_SKIPPED_BY_FP16 = 20
_USUAL_RATE = 1e-3


class EpochProgressBar(RichProgressBar):
    """Lightning's bar without the number of the log folder, which says nothing here."""

    def get_metrics(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Return what stands beside the bar."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics

    def _get_train_description(self, current_epoch: int) -> str:
        # Lightning counts from 0; padded as its own is, lest the bar flicker.
        shown = f"Epoch {current_epoch + 1}/{self.trainer.max_epochs}"
        return f"{shown:{len(self.validation_description)}}"


class EarlyStop(EarlyStopping):
    """Ends training after as many epochs without a better validation F1."""

    def __init__(self, epochs: int) -> None:
        super().__init__("val_micro_f1", mode="max", patience=epochs)

    @property
    def state_key(self) -> str:
        """The name of its state in checkpoints: as in those of earlier releases."""
        return super().state_key.replace(type(self).__qualname__, "Patience", 1)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End at once what had ended before it was killed: upstream would train one more epoch."""
        del pl_module
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class ExponentialAveraging(WeightAveraging):
    """Validates, saves and ends with averaged weights, which generalise better than the last ones.

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


class Divergence(pl.Callback):
    """Ends training at the step after which the loss is no number, or the epoch whose weights are.

    Checkpoints come after it: none ever holds weights that are no numbers.
    """

    def __init__(self, learning_rate: float) -> None:
        self._learning_rate = learning_rate
        self._in_a_row = 0

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Look at the loss of the step."""
        del pl_module, batch, batch_idx
        if math.isfinite(float(outputs["loss"])):
            self._in_a_row = 0
            return
        self._in_a_row += 1
        if self._in_a_row > (_SKIPPED_BY_FP16 if trainer.precision == "16-mixed" else 0):
            raise self._diverged("The loss is", trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at the weights: gradients may run away where the loss does not show it yet."""
        if not all_numbers(pl_module.state_dict().values()):
            raise self._diverged("Weights are", trainer)

    def _diverged(self, what: str, trainer: pl.Trainer) -> TrainingDiverged:
        rate = self._learning_rate
        return TrainingDiverged(
            f"{what} no longer a number at step {trainer.global_step:,}, in epoch "
            f"{trainer.current_epoch + 1} of {trainer.max_epochs}: train with a lower rate than "
            f"{rate:g}, such as optimizer.lr={min(rate / 4, _USUAL_RATE):.2g}, or with "
            "hardware.precision=fp32"
        )
