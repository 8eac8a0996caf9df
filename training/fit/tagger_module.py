"""How a whole tagger network learns: losses, augmentation, frozen layers, rates."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from hangtag.label_space import LabelSpace
from hangtag.scoring.scorer import Scorer
from training.data.augmentation import augment, scale_down
from training.data.mixup import mix, mixed_loss
from training.fit.device import share_buffers
from training.fit.loop import LossModule, Targets
from training.fit.optimizer import make_optimizer, one_cycle
from training.model.contrastive import ContrastiveLoss
from training.model.depthwise import FastDepthwise
from training.model.losses import TaggingLoss, initial_scoring
from training.model.network import TaggerNetwork
from training.settings import TrainingSettings


def first_layers(body: nn.Module, depth: float) -> list[nn.Module]:
    """Return the first `depth` in [0, 1) of the layers with weights, in the order of definition."""
    layers = [layer for layer in body.modules() if list(layer.parameters(recurse=False))]
    return layers[: int(depth * len(layers))]


class TaggerModule(LossModule):
    """Trains a TaggerNetwork in one cycle, its backbone more slowly than its head."""

    # The bar shows what validation says.
    shows_loss = False
    network: TaggerNetwork

    def __init__(
        self,
        network: TaggerNetwork,
        settings: TrainingSettings,
        label_space: LabelSpace,
        steps_per_epoch: int,
        weights: Tensor | None = None,
    ) -> None:
        loss = TaggingLoss(
            label_space,
            settings.loss.name,
            weights=weights,
            label_smoothing=settings.loss.label_smoothing,
        )
        super().__init__(network, loss, seed=settings.seed)
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
        self._compiled: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None

    def on_fit_start(self) -> None:
        """Note the settings in the logs; compile, if asked to."""
        for logger in self.loggers:
            logger.log_hyperparams(self.settings.model_dump(mode="json"))
        if self.settings.hardware.compile:
            # A function: a compiled module would go into the checkpoints beside the network.
            self._compiled = torch.compile(self.network.forward)

    def freeze_layers(self) -> None:
        """Keep the first layers as they are."""
        for layer in first_layers(self.network.body, self.settings.network.frozen_depth):
            # Batch norm's statistics too.
            layer.requires_grad_(False).eval()

    def augment(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Targets]:
        """Change photos at random, and mix them."""
        pixels = augment(
            scale_down(inputs, self.settings.data.train_size_px), self.settings.augmentation
        )
        if self.settings.augmentation.mixup_alpha:
            return mix(pixels, targets, self.settings.augmentation.mixup_alpha)
        return pixels, targets

    def batch_loss(self, inputs: Tensor, targets: Targets) -> Tensor:
        """Return the loss of logits, and that of embeddings where it is asked for."""
        logits, embeddings = self._forward(inputs)
        loss = mixed_loss(self.loss, logits, targets)
        if self.contrastive is not None:
            loss = loss + self.settings.loss.contrastive_weight * self.contrastive(
                embeddings, targets
            )
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
        self.log_mean("val_loss", self.validation_loss(logits, targets), pixels)
        known = ~targets.isnan()
        scores = torch.from_numpy(self.scorer.scores(logits.float().cpu().numpy()))
        predicted, true = (scores > 0.5).to(self.device)[known], targets[known] > 0.5
        # Summed over the epoch; F1 = 2 TP / (2 TP + FP + FN) is taken at its end.
        self._hits_and_errors[0] += (predicted & true).sum()
        self._hits_and_errors[1] += (predicted ^ true).sum()

    def on_validation_epoch_start(self) -> None:
        """Start counting, with the same network in all processes."""
        self._hits_and_errors = torch.zeros(2, device=self.device)
        share_buffers(self.network)

    def on_validation_epoch_end(self) -> None:
        """Log the epoch's micro-F1, of all processes."""
        hits, errors = self.trainer.strategy.reduce(self._hits_and_errors, reduce_op="sum")
        self.log("val_micro_f1", 2 * hits / (2 * hits + errors).clamp(min=1), prog_bar=True)

    def configure_optimizers(self) -> Any:
        """Return AdamW with a slower backbone, in one cycle."""
        settings = self.settings
        body = list(self.network.body.parameters())
        in_body = set(map(id, body))
        rest = [weight for weight in self.network.parameters() if id(weight) not in in_body]
        groups = [
            {"params": body, "lr": settings.optimizer.lr * settings.optimizer.backbone_lr_mult},
            {"params": rest, "lr": settings.optimizer.lr},
        ]
        cycle = partial(LambdaLR, lr_lambda=self.schedule)
        return make_optimizer(groups, cycle, weight_decay=settings.optimizer.weight_decay)

    def schedule(self, step: int) -> float:
        """Share of the top learning rates at a step."""
        return one_cycle(step / (self.settings.schedule.epochs * self.steps_per_epoch))
