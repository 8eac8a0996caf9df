"""Recipes as data: what they prescribe, and what is left of it when passes are limited."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from bench.recipes.recipe import Augmentation, Head, Phase, Recipe
from bench.recipes.recipe_network import build_network
from bench.recipes.write_ups import RECIPES
from training.model.network import Backbone, Normalisation

BACKBONE = Backbone(nn.AdaptiveAvgPool2d(1), 3, Normalisation((0.5,) * 3, (0.5,) * 3))


def recipe_of(*passes: int) -> Recipe:
    phases = tuple(Phase(each, 1e-3, ()) for each in passes)
    return Recipe("made-up", "sigmoid", Head(), phases, Augmentation())


@pytest.mark.parametrize(
    ("prescribed", "most", "left"),
    [
        ((4, 4), None, [4, 4]),
        ((4, 4), 8, [4, 4]),
        ((4, 4), 20, [4, 4]),
        ((4, 4), 4, [2, 2]),
        ((10, 5), 4, [3, 1]),
        ((4, 4), 1, [1]),
        ((10, 5), 1, [1]),
        ((10, 5), 2, [1, 1]),
        ((2, 1, 2), 3, [1, 1, 1]),
        ((3, 1, 3), 5, [3, 1, 1]),
        ((1, 30), 8, [1, 7]),
        ((30,), 7, [7]),
    ],
)
def test_phases_share_what_passes_are_left(
    prescribed: tuple[int, ...], most: int | None, left: list[int]
) -> None:
    recipe = recipe_of(*prescribed).at_most(most)
    assert [phase.passes for phase in recipe.phases] == left


def test_of_too_few_passes_the_first_phases_take_one_each() -> None:
    recipe = recipe_of(4, 5, 6)
    kept = replace(recipe, phases=tuple(replace(each, passes=1) for each in recipe.phases[:2]))
    assert recipe.at_most(2) == kept


@pytest.mark.parametrize("most", range(1, 16))
def test_no_pass_is_lost_or_added(most: int) -> None:
    for recipe in RECIPES.values():
        assert recipe.at_most(most).passes == min(most, recipe.passes)


def test_each_write_up_prescribes_its_passes() -> None:
    assert {name: recipe.passes for name, recipe in RECIPES.items()} == {
        "one-cycle-unfrozen": 8,
        "adam-bce-jitter": 4,
        "dense-cross-entropy-balanced": 15,
        "last-two-layers": 10,
        "bce-grey-jitter": 30,
    }


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_each_head_goes_from_embeddings_to_logits(recipe: Recipe) -> None:
    network = build_network(BACKBONE, recipe.head, labels=7)
    logits, _ = network(torch.zeros(2, 3, 8, 8))
    assert logits.shape == (2, 7)
