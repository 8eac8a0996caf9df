"""Random changes to a batch of training photos that leave every label right.

By default no hue or greyscale change: colour is a label. All on the device, a batch at once.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from training.settings import Augmentation

_WHITE = 255.0
# The share of R, G and B in what a photo looks like in grey (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)
# RGB -> YIQ, in which turning the plane of I and Q turns the hue.
_YIQ = (_LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


def augment(pixels: Tensor, strengths: Augmentation) -> Tensor:
    """Flip half of the photos, brighten all a little, and rotate, scale and shift some.

    Parameters
    ----------
    pixels : (B, 3, S, S) in [0, 255], uint8 or float

    Returns
    -------
    float32 (B, 3, S, S) in [0, 255]; what moves into the picture is white before it is brightened.
    """
    photos = pixels.to(torch.float32, copy=True)
    flipped = _chosen(photos, 0.5)
    photos[flipped] = photos[flipped].flip(-1)
    if strengths.hue:
        photos = _turn_hues(photos, strengths.hue)
    if strengths.grey_share:
        grey = _chosen(photos, strengths.grey_share)
        photos[grey] = _grey(photos[grey])
    moved = _chosen(photos, strengths.moved_share)
    photos[moved] = _move(photos[moved], strengths)
    # Last, or a darkened background would meet the white that moves in at a seam.
    photos *= _around_one(photos, strengths.brightness)[:, None, None, None]
    return photos.clamp_(0, _WHITE)


def scale_down(pixels: Tensor, size_px: int | None) -> Tensor:
    """Return photos (B, 3, S, S) at the given size, as floats; as they are where it is None."""
    if size_px is None or size_px == pixels.shape[-1]:
        return pixels
    return functional.interpolate(
        pixels.float(), size=(size_px, size_px), mode="bilinear", antialias=True
    )


def _turn_hues(photos: Tensor, hue: float) -> Tensor:
    """Turn the hue of each photo by up to `hue` of the colour circle; greys stay as they are."""
    angle = _uniform(photos, -1, 1) * hue * 2 * math.pi
    cos, sin = angle.cos(), angle.sin()
    one, zero = torch.ones_like(cos), torch.zeros_like(cos)
    rows = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], dim=1)
    yiq = torch.tensor(_YIQ, device=photos.device)
    turned = torch.linalg.inv(yiq) @ rows.view(-1, 3, 3) @ yiq  # (B, 3, 3)
    return torch.einsum("bij,bjhw->bihw", turned, photos)


def _grey(photos: Tensor) -> Tensor:
    luma = torch.tensor(_LUMA, device=photos.device)
    return torch.einsum("j,bjhw->bhw", luma, photos)[:, None].expand_as(photos)


def _move(photos: Tensor, strengths: Augmentation) -> Tensor:
    if not len(photos):
        return photos
    affine = _random_affine(photos, strengths)
    grid = functional.affine_grid(affine, list(photos.shape), align_corners=False)
    # grid_sample fills with 0, which is white in a negative.
    negatives = functional.grid_sample(
        _WHITE - photos, grid, mode="bicubic", padding_mode="zeros", align_corners=False
    )
    return _WHITE - negatives


def _random_affine(photos: Tensor, strengths: Augmentation) -> Tensor:
    """Return (B, 2, 3): for each output pixel, where it comes from."""
    angle = _uniform(photos, -1, 1) * math.radians(strengths.rotation_degrees)
    zoom = 1 / _around_one(photos, strengths.zoom)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    # The picture is two units wide.
    shift_x, shift_y = (_uniform(photos, -2, 2) * strengths.shift for _ in "xy")
    rows = torch.stack([cos, -sin, shift_x, sin, cos, shift_y], dim=1)
    return rows.view(len(photos), 2, 3)


def _chosen(photos: Tensor, share: float) -> Tensor:
    return torch.rand(len(photos), device=photos.device) < share


def _around_one(photos: Tensor, most: float) -> Tensor:
    return _uniform(photos, 1 - most, 1 + most)


def _uniform(photos: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(photos), device=photos.device).uniform_(low, high)
