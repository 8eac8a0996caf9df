"""Random changes to a batch of training photos that leave every label right.

No hue, saturation or greyscale change: colour is a label. All on the device, a batch at once.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

_WHITE = 255.0
# Moving a photo by parts of a pixel blurs it; served photos are sharp, so some must stay so.
_MOVED_SHARE = 0.5
_MAX_ROTATION_DEGREES = 8.0
_SCALE_RANGE = (0.9, 1.1)
_MAX_SHIFT = 0.05  # of the side
_BRIGHTNESS_RANGE = (0.95, 1.05)


def augment(pixels: Tensor) -> Tensor:
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
    moved = _chosen(photos, _MOVED_SHARE)
    photos[moved] = _move(photos[moved])
    # Last, or a darkened background would meet the white that moves in at a seam.
    photos *= _uniform(photos, *_BRIGHTNESS_RANGE)[:, None, None, None]
    return photos.clamp_(0, _WHITE)


def _move(photos: Tensor) -> Tensor:
    if not len(photos):
        return photos
    grid = functional.affine_grid(_random_affine(photos), list(photos.shape), align_corners=False)
    # grid_sample fills with 0, which is white in a negative.
    negatives = functional.grid_sample(
        _WHITE - photos, grid, mode="bicubic", padding_mode="zeros", align_corners=False
    )
    return _WHITE - negatives


def _random_affine(photos: Tensor) -> Tensor:
    """Return (B, 2, 3): for each output pixel, where it comes from."""
    angle = _uniform(photos, -1, 1) * math.radians(_MAX_ROTATION_DEGREES)
    zoom = 1 / _uniform(photos, *_SCALE_RANGE)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    # The picture is two units wide.
    shift_x, shift_y = (_uniform(photos, -2 * _MAX_SHIFT, 2 * _MAX_SHIFT) for _ in "xy")
    rows = torch.stack([cos, -sin, shift_x, sin, cos, shift_y], dim=1)
    return rows.view(len(photos), 2, 3)


def _chosen(photos: Tensor, share: float) -> Tensor:
    return torch.rand(len(photos), device=photos.device) < share


def _uniform(photos: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(photos), device=photos.device).uniform_(low, high)
