import pytest
import torch
from torch import Tensor

from bench.recipes.photo_changes import build_changes
from bench.recipes.recipe import Augmentation, Recipe
from bench.recipes.write_ups import RECIPES

SIZE_PX = 24


@pytest.fixture
def photo() -> Tensor:
    shape = (3, SIZE_PX, SIZE_PX)
    return torch.randint(0, 256, shape, generator=torch.manual_seed(1), dtype=torch.uint8)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_photos_keep_their_shape_and_each_changes_in_its_own_way(
    recipe: Recipe, photo: Tensor
) -> None:
    change = build_changes(recipe.augmentation, SIZE_PX)
    changed = [change(photo) for _ in range(8)]
    assert {(each.shape, each.dtype) for each in changed} == {(photo.shape, torch.uint8)}
    assert not all(torch.equal(each, changed[0]) for each in changed)


def test_without_augmentation_nothing_changes(photo: Tensor) -> None:
    assert torch.equal(build_changes(Augmentation(), SIZE_PX)(photo), photo)


def test_half_of_the_photos_are_mirrored(photo: Tensor) -> None:
    change = build_changes(Augmentation(flips=True), SIZE_PX)
    changed = [change(photo) for _ in range(100)]
    assert all(torch.equal(each, photo) or torch.equal(each, photo.flip(-1)) for each in changed)
    assert 25 < sum(torch.equal(each, photo) for each in changed) < 75


def test_the_given_share_turns_grey(photo: Tensor) -> None:
    change = build_changes(Augmentation(grey_share=0.3), SIZE_PX)
    grey = [bool((each[0] == each[1]).all()) for each in (change(photo) for _ in range(200))]
    assert 30 < sum(grey) < 95


def test_what_moves_in_is_white() -> None:
    black = torch.zeros(3, SIZE_PX, SIZE_PX, dtype=torch.uint8)
    change = build_changes(Augmentation(rotation_degrees=40), SIZE_PX)
    assert int(torch.stack([change(black) for _ in range(5)]).max()) == 255


@pytest.mark.parametrize(("zoom", "white"), [((1.2, 1.2), False), ((0.8, 0.8), True)])
def test_zooming_in_brings_nothing_in(zoom: tuple[float, float], white: bool) -> None:
    black = torch.zeros(3, SIZE_PX, SIZE_PX, dtype=torch.uint8)
    assert bool(build_changes(Augmentation(zoom=zoom), SIZE_PX)(black).any()) is white


def test_fastai_only_zooms_in() -> None:
    low, high = RECIPES["one-cycle-unfrozen"].augmentation.zoom
    assert (low, high) == (1, 1.1)


def test_a_share_of_the_photos_stays_as_it_is(photo: Tensor) -> None:
    change = build_changes(Augmentation(rotation_degrees=20, brightness=0.5, share=0.5), SIZE_PX)
    untouched = sum(torch.equal(change(photo), photo) for _ in range(200))
    assert 25 < untouched < 80  # a quarter
