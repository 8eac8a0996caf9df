"""How a tagger network learns: loss, optimiser, schedule, frozen head phase."""

from __future__ import annotations

import math
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from hangtag.label_space import LabelSpace
from hangtag.scoring import Scorer
from training.augmentation import augment
from training.losses import TaggingLoss, initial_scoring
from training.network import TaggerNetwork
from training.settings import TrainingSettings


def one_cycle(progress: float, warm_up: float = 0.25) -> float:
    """Return the share of the top learning rate at a progress in [0, 1] of a phase.

    Cosine up from 1/25, then down to 1/10,000 (Smith & Topin 2017, https://arxiv.org/abs/1708.07120).
    """
    if progress < warm_up:
        return _cosine(1 / 25, 1.0, progress / warm_up)
    return _cosine(1.0, 1e-4, min(1.0, (progress - warm_up) / (1 - warm_up)))


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def first_layers(body: nn.Module, depth: float) -> list[nn.Module]:
    """Return the first `depth` in [0, 1) of the layers with weights, in the order of definition."""
    layers = [layer for layer in body.modules() if list(layer.parameters(recurse=False))]
    return layers[: int(depth * len(layers))]


def scale_down(pixels: Tensor, size_px: int | None) -> Tensor:
    """Return photos (B, 3, S, S) at the given size, as floats; as they are where it is None."""
    if size_px is None or size_px == pixels.shape[-1]:
        return pixels
    return functional.interpolate(
        pixels.float(), size=(size_px, size_px), mode="bilinear", antialias=True
    )


class Lesson(pl.LightningModule):
    """Trains a TaggerNetwork: first the head alone, then everything, each phase one cycle."""

    def __init__(
        self,
        network: TaggerNetwork,
        settings: TrainingSettings,
        label_space: LabelSpace,
        steps_per_epoch: int,
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = TaggingLoss(
            label_space, settings.loss, weights=weights, label_smoothing=settings.label_smoothing
        )
        # Without smoothing: what validation shows is the cross-entropy itself.
        self.validation_loss = TaggingLoss(label_space, settings.loss)
        self.scorer = Scorer(label_space, initial_scoring(label_space, settings.loss))
        self.settings = settings
        self.steps_per_epoch = steps_per_epoch

    def on_train_epoch_start(self) -> None:
        """Freeze or free the body, as the epoch asks."""
        frozen = self.current_epoch < self.settings.head_epochs
        body = self.network.body
        body.requires_grad_(not frozen)
        # What is frozen keeps its batch-norm statistics too.
        body.train(not frozen)
        for layer in first_layers(body, self.settings.frozen_depth):
            layer.requires_grad_(False).eval()

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
        if not self.trainer.training:
            return batch
        return augment(scale_down(pixels, self.settings.train_size_px)), targets

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss."""
        pixels, targets = batch
        logits, _ = self.network(pixels)
        loss: Tensor = self.loss(logits, targets)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Log loss and micro-F1 at a flat 0.5 of photos as they are."""
        pixels, targets = batch
        logits, _ = self.network(pixels)
        self.log("val_loss", self.validation_loss(logits, targets))
        known = ~targets.isnan()
        scores = torch.from_numpy(self.scorer.scores(logits.float().cpu().numpy()))
        predicted, true = (scores > 0.5).to(self.device)[known], targets[known] > 0.5
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
        body = list(self.network.body.parameters())
        in_body = {id(parameter) for parameter in body}
        rest = [each for each in self.network.parameters() if id(each) not in in_body]
        optimizer = AdamW(
            [
                {"params": body, "lr": settings.learning_rate * settings.body_rate},
                {"params": rest, "lr": settings.learning_rate},
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
