"""One phase of any recipe."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from bench.recipes.photo_changes import build_changes
from bench.recipes.recipe import Phase, Recipe
from bench.recipes.recipe_loss import RecipeLoss
from bench.recipes.recipe_network import body_parts, let_learn
from hangtag.label_space import LabelSpace
from training.data.batch_seeds import BatchSeeds
from training.model.depthwise import FastDepthwise
from training.model.network import TaggerNetwork

# fastai's one cycle: from 1/25 up, down to 1/100,000, the momentum the other way round.
_START = 25.0
_END = 1e5
_MOMENTUM_RANGE = (0.85, 0.95)
# OneCycleLR divides by zero where its warm-up is exactly one step.
_SHORTEST_CYCLE_STEPS = 5


class RecipeModule(pl.LightningModule):
    """Trains a network for one phase of a recipe; predicts logits."""

    def __init__(
        self,
        network: TaggerNetwork,
        recipe: Recipe,
        phase: Phase,
        label_space: LabelSpace,
        size_px: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.recipe = recipe
        self.phase = phase
        self.loss = RecipeLoss(label_space, recipe.activation, hierarchical=phase.hierarchical)
        self.change = build_changes(recipe.augmentation, size_px)
        self._seeds = BatchSeeds(seed)

    def on_train_epoch_start(self) -> None:
        """Freeze or free the body; count batches anew."""
        self._seeds.begin_epoch(self.current_epoch)
        let_learn(self.network.body, self.phase.learning)

    def on_after_batch_transfer(
        self,
        batch: tuple[Tensor, Tensor],
        dataloader_idx: int,  # noqa: ARG002 - Lightning's
    ) -> tuple[Tensor, Tensor]:
        """Change training photos, each in its own way."""
        pixels, targets = batch
        if not self.trainer.training:
            return batch
        self._seeds.next_batch()
        return torch.stack([self.change(photo) for photo in pixels]), targets

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss."""
        pixels, targets = batch
        with FastDepthwise():
            logits, _ = self.network(pixels)
        loss: Tensor = self.loss(logits, targets)
        self.log("train_loss", loss, prog_bar=True, on_epoch=True, on_step=False)
        return loss

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the logits (B, L)."""
        logits: Tensor = self.network(batch[0])[0]
        return logits

    def configure_optimizers(self) -> Any:
        """Adam, as the recipe sets it, at the rates of the phase."""
        rates, recipe = self.phase.body_rates, self.recipe
        groups = [
            {"params": part, "lr": rate}
            for part, rate in zip(body_parts(self.network.body, len(rates)), rates, strict=True)
        ]
        groups.append({"params": list(self.network.head.parameters()), "lr": self.phase.head_rate})
        # Without decay AdamW is Adam.
        optimizer = AdamW(
            groups, betas=recipe.betas, eps=recipe.epsilon, weight_decay=recipe.weight_decay
        )
        if self.phase.warm_up is None:
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = OneCycleLR(
            optimizer,
            [group["lr"] for group in optimizer.param_groups],
            total_steps=max(steps, _SHORTEST_CYCLE_STEPS),
            pct_start=self.phase.warm_up,
            div_factor=_START,
            final_div_factor=_END / _START,
            base_momentum=_MOMENTUM_RANGE[0],
            max_momentum=_MOMENTUM_RANGE[1],
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }
