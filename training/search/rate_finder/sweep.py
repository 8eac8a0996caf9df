"""The sweep: a rate that grows with every step, and the loss at each."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_lightning as pl

from hangtag.arrays import DoubleArray
from training.data.training_data import TrainingData
from training.errors import RunInterrupted
from training.fit.fine_tuning import make_module, make_tuning_trainer
from training.fit.loop import fit
from training.model.network import TaggerNetwork
from training.search.rate_finder.curve import RateCurve
from training.settings import TrainingSettings

_LOWEST_RATE, _HIGHEST_RATE = 1e-6, 1.0
# Past the lowest loss by that much, there is nothing more to learn from the sweep.
_DIVERGED = 4.0
_RECENT_STEPS = 5


def sweep_rates(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    steps: int = 100,
    on_step: Callable[[int], None] | None = None,
) -> RateCurve:
    """Train a copy of a network at rates from 1e-6 to 1, until the loss explodes.

    The whole network learns, as after the head phase; the body at its own share of the rate.

    Parameters
    ----------
    network : stays as it is
    data : only its photos to learn from are looked at
    on_step : hears how many steps are done

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    """
    # The averaged weights would lag behind, and every epoch has at least one step.
    settings = settings.with_values(
        {
            "schedule.epochs": steps,
            "schedule.head_epochs": 0,
            "optimizer.ema": 0.0,
            "hardware.devices": 1,
        }
    )
    sweep = RateSweep(np.geomspace(_LOWEST_RATE, _HIGHEST_RATE, steps), settings, on_step)
    trainer = make_tuning_trainer(settings, callbacks=[sweep])
    module = make_module(copy.deepcopy(network), settings, data)
    try:
        fit(trainer, module, data.train_dataloader(settings))
    except RunInterrupted as error:
        raise RunInterrupted("Stopped; a sweep starts from the beginning.") from error
    return sweep.curve


class RateSweep(pl.Callback):
    """Sets the rate before each step, and notes the loss after it."""

    def __init__(
        self, rates: DoubleArray, settings: TrainingSettings, on_step: Callable[[int], None] | None
    ) -> None:
        self._rates = rates
        self._settings = settings
        self._on_step = on_step
        self._losses: list[float] = []
        self._batch_losses: list[float] = []
        self._lowest = np.inf

    @property
    def curve(self) -> RateCurve:
        """The losses at the rates that were reached."""
        finite = [loss for loss in self._losses if np.isfinite(loss)]
        return RateCurve(self._rates[: len(finite)], np.array(finite))

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the rate of body and head, over what the schedule says."""
        del pl_module, batch, batch_idx
        (optimizer,) = trainer.optimizers
        for group in optimizer.param_groups:
            share = group["initial_lr"] / self._settings.optimizer.lr
            group["lr"] = share * self._rates[len(self._losses)]

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Note the loss; end where it explodes."""
        del pl_module, batch, batch_idx
        # Lightning has divided it by the batches of a step.
        self._batch_losses.append(self._settings.optimizer.accumulate * float(outputs["loss"]))
        if trainer.global_step == len(self._losses):
            return
        self._losses.append(float(np.mean(self._batch_losses)))
        self._batch_losses = []
        if self._on_step is not None:
            self._on_step(len(self._losses))
        recent = float(np.mean(self._losses[-_RECENT_STEPS:]))
        self._lowest = min(self._lowest, recent)
        # Written so that a loss that is no number ends it too.
        has_exploded = not recent <= _DIVERGED * self._lowest
        trainer.should_stop = has_exploded or len(self._losses) == len(self._rates)
