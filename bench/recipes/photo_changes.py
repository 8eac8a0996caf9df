"""A recipe's augmentation as torchvision's transforms, for one photo at a time."""

from collections.abc import Callable

from torch import Tensor
from torchvision.transforms import InterpolationMode, v2

from bench.recipes.recipe import Augmentation

# What moves into a product photo is its background.
_WHITE = 255


def build_changes(augmentation: Augmentation, size_px: int) -> Callable[[Tensor], Tensor]:
    """Return what changes a photo, uint8 (3, S, S), at random and leaves its shape as it is."""
    changes: list[v2.Transform] = []
    if augmentation.crop:
        changes.append(v2.RandomResizedCrop(size_px, scale=(augmentation.crop, 1), antialias=True))
    if augmentation.flips:
        changes.append(v2.RandomHorizontalFlip())
    moved = augmentation.rotation_degrees or augmentation.shear_degrees
    if moved or augmentation.zoom != (1, 1):
        changes.append(v2.RandomApply([_move(augmentation)], p=augmentation.share))
    if augmentation.warp:
        changes.append(v2.RandomPerspective(augmentation.warp, p=augmentation.share, fill=_WHITE))
    if augmentation.grey_share:
        changes.append(v2.RandomGrayscale(augmentation.grey_share))
    recolour = v2.ColorJitter(
        augmentation.brightness, augmentation.contrast, augmentation.saturation, augmentation.hue
    )
    changes.append(v2.RandomApply([recolour], p=augmentation.share))
    composed: Callable[[Tensor], Tensor] = v2.Compose(changes)
    return composed


def _move(augmentation: Augmentation) -> v2.Transform:
    return v2.RandomAffine(
        augmentation.rotation_degrees,
        scale=augmentation.zoom,
        shear=augmentation.shear_degrees,
        interpolation=InterpolationMode.BILINEAR,
        fill=_WHITE,
    )
