"""Random changes that leave every label right."""

import pytest
import torch
from torch import Tensor

from training.data import augmentation
from training.data.augmentation import scale_down
from training.settings import Augmentation

SIDE = 24
COLOURS = torch.tensor([[200, 30, 60], [20, 120, 240], [90, 90, 90], [250, 200, 10]])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(5)


def noise(count: int = 64) -> Tensor:
    return torch.randint(0, 256, (count, 3, SIDE, SIDE), dtype=torch.uint8)


def plain(colours: Tensor) -> Tensor:
    """Photos (B, 3, S, S) of one colour each."""
    return colours[:, :, None, None].expand(-1, -1, SIDE, SIDE).to(torch.uint8)


def augment(photos: Tensor, **strengths: float) -> Tensor:
    return augmentation.augment(photos, Augmentation(**strengths))


def is_sharp(photo: Tensor, original: Tensor) -> bool:
    """Whether a photo is its original, flipped or not, but for one brightness."""
    return any(
        bool((photo - (factor * each).clamp(0, 255)).abs().max() < 1e-2)
        for each in (original.float(), original.float().flip(-1))
        for factor in [photo.sum() / each.sum()]
    )


def test_shape_and_range_stay() -> None:
    photos = augment(noise())
    assert photos.shape == (64, 3, SIDE, SIDE)
    assert photos.dtype == torch.float32
    assert photos.min() >= 0
    assert photos.max() <= 255


def test_the_photos_given_do_not_change() -> None:
    photos = noise()
    before = photos.clone()
    augment(photos)
    assert torch.equal(photos, before)


def test_a_seed_decides_everything() -> None:
    photos = noise()
    torch.manual_seed(1)
    first = augment(photos)
    torch.manual_seed(1)
    assert torch.equal(augment(photos), first)
    torch.manual_seed(2)
    assert not torch.equal(augment(photos), first)


def test_white_stays_white_but_for_brightness() -> None:
    photos = augment(plain(torch.full((64, 3), 255)))
    # 5 % darker is 242; bicubic interpolation overshoots a little beside the white that moved in.
    assert photos.min() > 238


def test_what_moves_into_the_picture_is_white() -> None:
    photos = augment(plain(torch.zeros(64, 3)), moved_share=1)
    assert photos[..., SIDE // 2, SIDE // 2].max() < 1e-3
    corners = photos[..., [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.amax(dim=(1, 2)).gt(100).float().mean() > 0.5


def test_colours_change_in_brightness_alone() -> None:
    photos = augment(plain(COLOURS.repeat(16, 1)))
    middle = photos[..., SIDE // 2, SIDE // 2]  # (64, 3)
    factors = middle / COLOURS.repeat(16, 1)
    # Of one photo they are the same in all channels, unless one of them is full.
    assert factors.min() >= 0.95 - 1e-3
    assert factors.max() <= 1.05 + 1e-3
    unclipped = middle.amax(dim=1) < 255
    assert (factors.amax(dim=1) - factors.amin(dim=1))[unclipped].max() < 1e-3


def test_about_half_are_left_sharp() -> None:
    originals = noise(200) // 2  # dark enough that no brightness is cut off
    photos = augment(originals)
    sharp = sum(map(is_sharp, photos, originals))
    assert 70 <= sharp <= 130


def test_about_half_are_flipped() -> None:
    left_half_dark = torch.full((200, 3, SIDE, SIDE), 200, dtype=torch.uint8)
    left_half_dark[..., : SIDE // 2] = 10
    photos = augment(left_half_dark, moved_share=0)
    assert 70 <= int((photos[:, 0, 0, 0] > 100).sum()) <= 130


@pytest.mark.parametrize(("share", "sharp"), [(0.0, 8), (1.0, 0)])
def test_none_or_all_of_a_batch_may_be_moved(share: float, sharp: int) -> None:
    originals = noise(8) // 2
    assert sum(map(is_sharp, augment(originals, moved_share=share), originals)) == sharp


def test_a_moved_photo_keeps_its_subject_in_place() -> None:
    photos = torch.full((64, 3, SIDE, SIDE), 255, dtype=torch.uint8)
    photos[..., 8:16, 8:16] = 0
    dark = augment(photos, moved_share=1)[:, 0] < 128  # (64, S, S)
    rows, columns = (dark.nonzero()[:, axis].float() for axis in (1, 2))
    assert rows.min() >= 4
    assert rows.max() <= 19
    assert columns.min() >= 4
    assert columns.max() <= 19
    assert dark.sum(dim=(1, 2)).float().div(64).sub(1).abs().max() < 0.4


def test_one_photo_is_a_batch_too() -> None:
    assert augment(noise(1)).shape == (1, 3, SIDE, SIDE)


# How strong each change is


def subject(**strengths: float) -> Tensor:
    """Where the dark pixels of a moved square lie, bool (64, S, S)."""
    photos = torch.full((64, 3, SIDE, SIDE), 255, dtype=torch.uint8)
    photos[..., 8:16, 8:16] = 0
    still = {"rotation_degrees": 0, "zoom": 0, "shift": 0, "brightness": 0}
    return augment(photos, moved_share=1, **{**still, **strengths})[:, 0] < 128


def test_nothing_but_flips_is_left_where_all_is_zero() -> None:
    originals = noise()
    photos = augment(originals, moved_share=0, brightness=0)
    whole = originals.float()
    kept = [
        torch.equal(photo, one) or torch.equal(photo, one.flip(-1))
        for photo, one in zip(photos, whole, strict=True)
    ]
    assert all(kept)


def test_zoom_alone_changes_the_size_and_shift_alone_the_place() -> None:
    sizes = subject(zoom=0.5).sum(dim=(1, 2))
    assert sizes.min() < 0.5 * 64
    assert sizes.max() > 1.8 * 64
    shifted = subject(shift=0.2)
    assert shifted.sum(dim=(1, 2)).float().div(64).sub(1).abs().max() < 0.3
    assert shifted.nonzero()[:, 1].min() < 7


def test_a_square_turned_by_a_right_angle_is_the_same_and_by_less_has_points() -> None:
    widths = subject(rotation_degrees=45).any(dim=1).sum(dim=1)
    assert widths.min() == 8
    assert widths.max() >= 10


def test_brightness_goes_as_far_as_it_is_told() -> None:
    factors = augment(plain(torch.full((64, 3), 100)), brightness=0.5, moved_share=0)[:, 0, 0, 0]
    assert factors.min() < 60
    assert factors.max() > 140


def test_hues_turn_and_greys_stay() -> None:
    photos = plain(COLOURS.repeat(16, 1))
    turned = augment(photos, hue=0.5, moved_share=0, brightness=0)[:, :, 0, 0].view(16, 4, 3)
    assert turned[:, 2].sub(90).abs().max() < 0.1
    red = turned[:, 0]
    assert {int(each) for each in red.argmax(dim=1)} == {0, 1, 2}
    luma = red @ torch.tensor([0.299, 0.587, 0.114])
    unclipped = (red > 0).all(dim=1) & (red < 255).all(dim=1)
    assert unclipped.any()
    assert luma[unclipped].sub(84.25).abs().max() < 0.5


def test_a_share_of_the_photos_turns_grey() -> None:
    photos = augment(plain(COLOURS[:1].repeat(200, 1)), grey_share=0.5, moved_share=0)
    spread = photos[:, :, 0, 0].amax(dim=1) - photos[:, :, 0, 0].amin(dim=1)
    assert 70 <= int((spread < 1e-3).sum()) <= 130


def test_photos_are_scaled_down_and_never_otherwise_touched() -> None:
    photos = noise(2)
    assert scale_down(photos, None) is photos
    assert scale_down(photos, SIDE) is photos
    assert scale_down(photos, 12).shape == (2, 3, 12, 12)
