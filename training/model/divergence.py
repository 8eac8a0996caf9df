"""Ends a training whose numbers have run away, before anything of it is kept."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytorch_lightning as pl
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessRaisedException

from hangtag import errors
from hangtag.errors import TrainingDiverged

# fp16 steps over gradients that are too large for it, and takes smaller ones from then on.
_SKIPPED_BY_FP16 = 20
_USUAL_RATE = 1e-3


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
            f"{rate:g}, such as RATE={min(rate / 4, _USUAL_RATE):.2g}, or with PRECISION=fp32"
        )


def all_numbers(tensors: Iterable[Tensor]) -> bool:
    """Whether no value is NaN or infinite."""
    return all(bool(each.isfinite().all()) for each in tensors if each.is_floating_point())


def require_numbers(network: nn.Module, outputs: npt.NDArray[np.float32], what: str) -> None:
    """Check what a network computed of photos.

    Parameters
    ----------
    network : that computed it
    outputs : (N, K)
    what : they are, in words

    Raises
    ------
    TrainingDiverged : if some are NaN or infinite.
    """
    wrong = int((~np.isfinite(outputs)).any(axis=1).sum())
    if not wrong:
        return
    where = "" if all_numbers(network.state_dict().values()) else ", for its weights are none"
    raise TrainingDiverged(
        f"The network's {what} of {wrong:,} of {len(outputs):,} photos are no numbers{where}; "
        "start from other weights: weights=imagenet, packaged, none or another file."
    )


def told_by_process(error: ProcessRaisedException) -> Exception:
    """Return what another process raised, where it is a HangtagError; else the error itself."""
    last = str(error).strip().splitlines()[-1]
    named, _, sentence = last.partition(": ")
    module, _, name = named.rpartition(".")
    kind = getattr(errors, name, None) if module == errors.__name__ else None
    if isinstance(kind, type) and issubclass(kind, errors.HangtagError):
        return kind(sentence)
    return error
