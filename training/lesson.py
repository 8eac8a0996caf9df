"""How a tagger network learns: loss, optimiser, schedule, frozen head phase."""

from __future__ import annotations

import math
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from training.augmentation import augment
from training.network import TaggerNetwork
from training.settings import TrainingSettings


def masked_bce(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy, summed over labels and averaged over photos; NaN targets are unknown.

    logits and targets have shape (B, L); returns a scalar.
    """
    known = ~targets.isnan()
    losses = functional.binary_cross_entropy_with_logits(
        logits.float(), targets.nan_to_num(), reduction="none"
    )
    return (losses * known).sum() / len(logits)


def one_cycle(progress: float, warm_up: float = 0.25) -> float:
    """Return the share of the top learning rate at a progress in [0, 1] of a phase.

    Cosine up from 1/25, then down to 1/10,000 (Smith & Topin 2017, https://arxiv.org/abs/1708.07120).
    """
    if progress < warm_up:
        return _cosine(1 / 25, 1.0, progress / warm_up)
    return _cosine(1.0, 1e-4, min(1.0, (progress - warm_up) / (1 - warm_up)))


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


class Lesson(pl.LightningModule):
    """Trains a TaggerNetwork: first the head alone, then everything, each phase one cycle."""

    def __init__(
        self, network: TaggerNetwork, settings: TrainingSettings, steps_per_epoch: int
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.steps_per_epoch = steps_per_epoch

    def on_train_epoch_start(self) -> None:
        """Freeze or free the body, as the epoch asks."""
        frozen = self.current_epoch < self.settings.head_epochs
        self.network.body.requires_grad_(not frozen)
        # A frozen body keeps its batch-norm statistics too.
        self.network.body.train(not frozen)

    def on_after_batch_transfer(
        self,
        batch: tuple[Tensor, Tensor],
        dataloader_idx: int,  # noqa: ARG002 - Lightning's
    ) -> tuple[Tensor, Tensor]:
        """Augment training photos on the device.

        Here, since `training_step` runs in reduced precision, whose coordinates would be a pixel
        off.
        """
        pixels, targets = batch
        return (augment(pixels), targets) if self.trainer.training else batch

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss."""
        pixels, targets = batch
        logits, _ = self.network(pixels)
        loss = masked_bce(logits, targets)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Log loss and micro-F1 at a flat 0.5 of photos as they are."""
        pixels, targets = batch
        logits, _ = self.network(pixels)
        self.log("val_loss", masked_bce(logits, targets))
        known = ~targets.isnan()
        predicted, true = (logits > 0)[known], targets[known] > 0.5
        # Summed over the epoch; F1 = 2 TP / (2 TP + FP + FN) is taken at its end.
        self._hits += (predicted & true).sum()
        self._errors += (predicted ^ true).sum()

    def on_validation_epoch_start(self) -> None:
        """Start counting."""
        self._hits = torch.zeros((), device=self.device)
        self._errors = torch.zeros((), device=self.device)

    def on_validation_epoch_end(self) -> None:
        """Log the epoch's micro-F1."""
        f1 = 2 * self._hits / (2 * self._hits + self._errors).clamp(min=1)
        self.log("val_micro_f1", f1, prog_bar=True)

    def configure_optimizers(self) -> Any:
        """AdamW with a slower body; the schedule is set a step."""
        settings = self.settings
        body_rate = settings.learning_rate * settings.body_rate
        optimizer = AdamW(
            [
                {"params": self.network.body.parameters(), "lr": body_rate},
                {"params": self.network.head.parameters(), "lr": settings.learning_rate},
            ],
            weight_decay=settings.weight_decay,
        )
        scheduler = LambdaLR(optimizer, [self.body_schedule, self.head_schedule])
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def head_schedule(self, step: int) -> float:
        """Share of the head's learning rate at a step: one cycle for each phase."""
        head_steps = self.settings.head_epochs * self.steps_per_epoch
        if step < head_steps:
            return one_cycle(step / head_steps)
        all_steps = self.settings.epochs * self.steps_per_epoch
        return one_cycle((step - head_steps) / max(1, all_steps - head_steps))

    def body_schedule(self, step: int) -> float:
        """Share of the body's learning rate at a step: nothing while it is frozen."""
        frozen = step < self.settings.head_epochs * self.steps_per_epoch
        return 0.0 if frozen else self.head_schedule(step)
