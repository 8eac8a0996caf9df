"""How a tagger network learns: loss, optimiser, schedule, frozen layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from hangtag.label_space import LabelSpace
from hangtag.scoring.scorer import Scorer
from training.data.augmentation import augment, scale_down
from training.data.batch_seeds import BatchSeeds
from training.data.mixup import MixedTargets, mix, mixed_loss
from training.fit.device import share_buffers
from training.model.contrastive import ContrastiveLoss
from training.model.depthwise import FastDepthwise
from training.model.losses import TaggingLoss, initial_scoring
from training.model.network import TaggerNetwork
from training.settings import TrainingSettings

Targets = Tensor | MixedTargets


def one_cycle(progress: float, warm_up: float = 0.25) -> float:
    """Return the share of the top learning rate at a progress in [0, 1] of a run.

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


class TaggerModule(pl.LightningModule):
    """Trains a TaggerNetwork in one cycle, its body more slowly than its head."""

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
            label_space,
            settings.loss.name,
            weights=weights,
            label_smoothing=settings.loss.label_smoothing,
        )
        # Without smoothing: what validation shows is the cross-entropy itself.
        self.validation_loss = TaggingLoss(label_space, settings.loss.name)
        self.contrastive = (
            ContrastiveLoss(label_space, settings.loss.contrastive_group)
            if settings.loss.contrastive_weight
            else None
        )
        self.scorer = Scorer(label_space, initial_scoring(label_space, settings.loss.name))
        self.settings = settings
        self.steps_per_epoch = steps_per_epoch
        self._seeds = BatchSeeds(settings.seed)
        self._compiled: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None

    def on_fit_start(self) -> None:
        """Note the settings in the logs; compile, if asked to."""
        for logger in self.loggers:
            logger.log_hyperparams(self.settings.model_dump(mode="json"))
        if self.settings.hardware.compile:
            # A function: a compiled module would go into the checkpoints beside the network.
            self._compiled = torch.compile(self.network.forward)

    def on_train_epoch_start(self) -> None:
        """Let all layers learn but the frozen ones."""
        self._seeds.begin_epoch(self.current_epoch)
        # Weights are loaded, and embeddings computed, in evaluation mode; Lightning leaves it so.
        self.network.train()
        for layer in first_layers(self.network.body, self.settings.network.frozen_depth):
            # Batch norm's statistics too.
            layer.requires_grad_(False).eval()

    def on_after_batch_transfer(
        self,
        batch: tuple[Tensor, Tensor],
        dataloader_idx: int,  # noqa: ARG002 - Lightning's
    ) -> tuple[Tensor, Targets]:
        """Augment and mix training photos on the device.

        Here, since `training_step` runs in reduced precision, whose coordinates would be a pixel
        off.
        """
        pixels, targets = batch
        if not self.trainer.training:
            return batch
        self._seeds.next_batch()
        pixels = augment(
            scale_down(pixels, self.settings.data.train_size_px), self.settings.augmentation
        )
        if self.settings.augmentation.mixup_alpha:
            return mix(pixels, targets, self.settings.augmentation.mixup_alpha)
        return pixels, targets

    def training_step(self, batch: tuple[Tensor, Targets]) -> Tensor:
        """Return the loss."""
        pixels, targets = batch
        logits, embeddings = self._forward(pixels)
        loss = mixed_loss(self.loss, logits, targets)
        if self.contrastive is not None:
            loss = loss + self.settings.loss.contrastive_weight * self.contrastive(
                embeddings, targets
            )
        self._log_mean("train_loss", loss, pixels)
        return loss

    def _forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        if self._compiled is not None:
            return self._compiled(pixels)
        with FastDepthwise():
            outputs: tuple[Tensor, Tensor] = self.network(pixels)
        return outputs

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Log loss and micro-F1 at a flat 0.5 of photos as they are."""
        pixels, targets = batch
        logits, _ = self.network(pixels)
        self._log_mean("val_loss", self.validation_loss(logits, targets), pixels)
        known = ~targets.isnan()
        scores = torch.from_numpy(self.scorer.scores(logits.float().cpu().numpy()))
        predicted, true = (scores > 0.5).to(self.device)[known], targets[known] > 0.5
        # Summed over the epoch; F1 = 2 TP / (2 TP + FP + FN) is taken at its end.
        self._hits_and_errors[0] += (predicted & true).sum()
        self._hits_and_errors[1] += (predicted ^ true).sum()

    def _log_mean(self, name: str, value: Tensor, pixels: Tensor) -> None:
        self.log(name, value, on_epoch=True, on_step=False, sync_dist=True, batch_size=len(pixels))

    def on_validation_epoch_start(self) -> None:
        """Start counting, with the same network in all processes."""
        self._hits_and_errors = torch.zeros(2, device=self.device)
        share_buffers(self.network)

    def on_validation_epoch_end(self) -> None:
        """Log the epoch's micro-F1, of all processes."""
        hits, errors = self.trainer.strategy.reduce(self._hits_and_errors, reduce_op="sum")
        self.log("val_micro_f1", 2 * hits / (2 * hits + errors).clamp(min=1), prog_bar=True)

    def configure_optimizers(self) -> Any:
        """AdamW with a slower body; the schedule is set a step."""
        settings = self.settings
        body = list(self.network.body.parameters())
        in_body = {id(parameter) for parameter in body}
        rest = [each for each in self.network.parameters() if id(each) not in in_body]
        optimizer = AdamW(
            [
                {"params": body, "lr": settings.optimizer.lr * settings.optimizer.backbone_lr_mult},
                {"params": rest, "lr": settings.optimizer.lr},
            ],
            weight_decay=settings.optimizer.weight_decay,
        )
        scheduler = LambdaLR(optimizer, self.schedule)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def schedule(self, step: int) -> float:
        """Share of the top learning rates at a step."""
        return one_cycle(step / (self.settings.schedule.epochs * self.steps_per_epoch))
