"""Short, real trainings of recipes' phases."""

import warnings
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from bench.recipes.recipe import Augmentation, Head, Phase, Recipe
from bench.recipes.recipe_module import RecipeModule
from bench.recipes.recipe_network import build_network
from bench.recipes.write_ups import RECIPES
from hangtag.label_space import parse_label_space
from hangtag.scoring.scorer import Activation
from training.model.network import Backbone, Normalisation, TaggerNetwork

SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [{"name": "colour", "title": "Colour", "exclusive": True}],
        "labels": [{"id": name, "name": name, "group": "colour"} for name in ("r", "g", "b")],
    }
)
SIZE_PX, PHOTOS, BATCH = 16, 24, 4
RECIPE = Recipe("made-up", "softmax", Head(), (Phase(1, 1e-2, (1e-2,)),), Augmentation())


def tiny_network(head: Head) -> TaggerNetwork:
    torch.manual_seed(0)
    body = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    )
    normalisation = Normalisation((0.5,) * 3, (0.5,) * 3)
    return build_network(Backbone(body, 4, normalisation), head, len(SPACE))


def coloured_photos() -> tuple[Tensor, Tensor]:
    generator = torch.manual_seed(1)
    shape = (PHOTOS, 3, SIZE_PX, SIZE_PX)
    pixels = torch.randint(0, 120, shape, generator=generator, dtype=torch.uint8)
    true = torch.arange(PHOTOS) % 3
    pixels[torch.arange(PHOTOS), true] += 100
    return pixels, torch.eye(3)[true]


class Rates(pl.Callback):
    """What each step's optimiser is set to, by group, and the first momentum."""

    def __init__(self) -> None:
        self.rates: list[list[float]] = []
        self.momenta: list[float] = []

    def on_train_batch_start(self, trainer: pl.Trainer, *_: object) -> None:
        groups = trainer.optimizers[0].param_groups
        self.rates.append([group["lr"] for group in groups])
        self.momenta.append(groups[0]["betas"][0])


def train(network: TaggerNetwork, recipe: Recipe, phase: Phase) -> tuple[pl.Trainer, Rates]:
    rates = Rates()
    trainer = pl.Trainer(
        max_epochs=phase.passes,
        accelerator="cpu",
        logger=False,
        callbacks=[rates],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    batches = DataLoader(TensorDataset(*coloured_photos()), batch_size=BATCH, shuffle=True)
    module = RecipeModule(network, recipe, phase, SPACE, SIZE_PX, seed=7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies
        trainer.fit(module, batches)
    return trainer, rates


def weights_of(layer: nn.Module) -> dict[str, Tensor]:
    return {name: each.clone() for name, each in layer.state_dict().items()}


def changed(layer: nn.Module, before: dict[str, Tensor]) -> set[str]:
    now = layer.state_dict()
    return {name for name, each in before.items() if not torch.equal(now[name], each)}


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_colours_are_learned(activation: Activation) -> None:
    recipe = replace(RECIPE, activation=activation)
    network = tiny_network(recipe.head)
    train(network, recipe, Phase(12, 3e-2, (3e-2,)))
    pixels, targets = coloured_photos()
    with torch.no_grad():
        logits, _ = network.eval()(pixels)
    assert (logits.argmax(dim=1) == targets.argmax(dim=1)).float().mean() > 0.9


def test_a_frozen_body_stays_as_it_is_to_the_last_statistic() -> None:
    network = tiny_network(RECIPE.head)
    body, head = weights_of(network.body), weights_of(network.head)
    train(network, RECIPE, Phase(1, 1e-2, (), learning="nothing"))
    assert changed(network.body, body) == set()
    assert changed(network.head, head) == set(head)


def test_batch_norm_alone_learns_where_the_recipe_says_so() -> None:
    network = tiny_network(RECIPE.head)
    body = weights_of(network.body)
    train(network, RECIPE, Phase(1, 1e-2, (1e-2,), learning="batch-norm"))
    assert changed(network.body, body) == {name for name in body if name.startswith("1.")}


def test_a_body_that_was_frozen_learns_in_the_next_phase() -> None:
    network = tiny_network(RECIPE.head)
    train(network, RECIPE, Phase(1, 1e-2, (), learning="nothing"))
    body = weights_of(network.body)
    train(network, RECIPE, Phase(1, 1e-2, (1e-2,)))
    assert "0.weight" in changed(network.body, body)


def test_rates_stay_as_they_are_without_a_cycle() -> None:
    recipe = RECIPES["adam-bce-jitter"]
    trainer, rates = train(tiny_network(recipe.head), recipe, recipe.phases[0])
    assert rates.rates == [[1e-3, 1e-3]] * int(trainer.global_step)
    assert trainer.optimizers[0].defaults["weight_decay"] == 0


def test_the_unfrozen_cycle_peaks_late_and_is_slower_towards_the_input() -> None:
    recipe = RECIPES["one-cycle-unfrozen"]
    trainer, rates = train(tiny_network(recipe.head), recipe, recipe.phases[1])
    steps, head = int(trainer.global_step), [each[-1] for each in rates.rates]
    peak = head.index(max(head))
    assert 0.7 * steps < peak < 0.85 * steps
    assert head[0] == pytest.approx(0.0025 / 25)
    assert rates.rates[peak] == pytest.approx([0.01 / 400, 0.01 / 40, 0.01 / 4], rel=0.02)
    assert head[-1] < 0.001 * max(head)
    # The momentum is the cycle upside down.
    assert rates.momenta[0] == pytest.approx(0.95)
    assert min(rates.momenta) == pytest.approx(0.85, abs=2e-3)


@pytest.mark.parametrize("passes", [1, 2])
def test_a_cycle_of_few_steps_is_possible(passes: int) -> None:
    phase = RECIPES["one-cycle-unfrozen"].phases[0]
    network = tiny_network(RECIPE.head)
    pixels, targets = coloured_photos()
    batches = DataLoader(TensorDataset(pixels[:8], targets[:8]), batch_size=BATCH)
    trainer = pl.Trainer(
        max_epochs=passes, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(RecipeModule(network, RECIPE, phase, SPACE, SIZE_PX, seed=7), batches)
    assert trainer.global_step == 2 * passes


def test_photos_are_changed_in_training_and_not_when_predicting() -> None:
    recipe = replace(RECIPE, augmentation=Augmentation(grey_share=1.0))
    network = tiny_network(recipe.head)
    seen: list[Tensor] = []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    trainer, _ = train(network, recipe, Phase(1, 1e-2, (1e-2,)))
    assert all(bool((batch[:, 0] == batch[:, 1]).all()) for batch in seen)
    batch = coloured_photos()
    assert trainer.lightning_module.on_after_batch_transfer(batch, 0) is batch
