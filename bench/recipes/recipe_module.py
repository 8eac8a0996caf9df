"""One phase of any recipe."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from bench.recipes.photo_changes import build_changes
from bench.recipes.recipe import Phase, Recipe
from bench.recipes.recipe_loss import RecipeLoss
from bench.recipes.recipe_network import body_parts, let_learn
from hangtag.label_space import LabelSpace
from training.fit.loop import LossModule, Targets
from training.fit.optimizer import make_optimizer, momentum_cycle
from training.model.depthwise import FastDepthwise
from training.model.network import TaggerNetwork

# fastai's one cycle: from 1/25 up, down to 1/100,000, the momentum the other way round.
_START = 25.0
_END = 1e5
# OneCycleLR divides by zero where its warm-up is exactly one step.
_SHORTEST_CYCLE_STEPS = 5


class RecipeModule(LossModule):
    """Trains a network for one phase of a recipe."""

    network: TaggerNetwork

    def __init__(
        self,
        network: TaggerNetwork,
        recipe: Recipe,
        phase: Phase,
        label_space: LabelSpace,
        size_px: int,
        seed: int,
    ) -> None:
        loss = RecipeLoss(label_space, recipe.activation, hierarchical=phase.hierarchical)
        super().__init__(network, loss, seed=seed)
        self.recipe = recipe
        self.phase = phase
        self.change = build_changes(recipe.augmentation, size_px)

    def freeze_layers(self) -> None:
        """Freeze or free the body."""
        let_learn(self.network.body, self.phase.learning)

    def augment(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Targets]:
        """Change photos, each in its own way."""
        return torch.stack([self.change(photo) for photo in inputs]), targets

    def batch_loss(self, inputs: Tensor, targets: Targets) -> Tensor:
        """Return the loss of the logits alone."""
        with FastDepthwise():
            logits, _ = self.network(inputs)
        loss: Tensor = self.loss(logits, targets)
        return loss

    def configure_optimizers(self) -> Any:
        """Adam, as the recipe sets it, at the rates of the phase."""
        rates, recipe = self.phase.body_rates, self.recipe
        groups = [
            {"params": part, "lr": rate}
            for part, rate in zip(body_parts(self.network.body, len(rates)), rates, strict=True)
        ]
        groups.append({"params": list(self.network.head.parameters()), "lr": self.phase.head_rate})
        adam: dict[str, Any] = {
            "betas": recipe.betas,
            "eps": recipe.epsilon,
            "weight_decay": recipe.weight_decay,
        }
        if self.phase.warm_up is None:
            return make_optimizer(groups, **adam)
        steps = int(self.trainer.estimated_stepping_batches)
        cycle = partial(
            momentum_cycle,
            steps=max(steps, _SHORTEST_CYCLE_STEPS),
            pct_start=self.phase.warm_up,
            final_div_factor=_END / _START,
        )
        return make_optimizer(groups, cycle, **adam)
