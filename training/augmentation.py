"""Random changes to a batch of training photos that leave every label right.

No hue, saturation or greyscale change: colour is a label. All on the device, a batch at once.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

_WHITE = 255.0
_MAX_ROTATION_DEGREES = 10.0
_SCALE_RANGE = (0.85, 1.1)
_MAX_SHIFT = 0.06  # of the side
_BRIGHTNESS_RANGE = (0.92, 1.08)


def augment(pixels: Tensor) -> Tensor:
    """Flip, rotate, scale, shift and brighten photos at random.

    Parameters
    ----------
    pixels : uint8 (B, 3, S, S)

    Returns
    -------
    float32 (B, 3, S, S) in [0, 255]; what moves into the picture is white.
    """
    photos = pixels.float() - _WHITE  # grid_sample fills with 0, which now is white
    grid = functional.affine_grid(_random_affine(photos), list(photos.shape), align_corners=False)
    moved = functional.grid_sample(photos, grid, padding_mode="zeros", align_corners=False)
    return ((moved + _WHITE) * _uniform(photos, *_BRIGHTNESS_RANGE)[:, None, None, None]).clamp(
        0, 255
    )


def _random_affine(photos: Tensor) -> Tensor:
    """Return (B, 2, 3): for each output pixel, where it comes from."""
    count = len(photos)
    angle = _uniform(photos, -1, 1) * math.radians(_MAX_ROTATION_DEGREES)
    zoom = 1 / _uniform(photos, *_SCALE_RANGE)
    flip = (torch.rand(count, device=photos.device) < 0.5).float() * 2 - 1
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    shift_x, shift_y = (_uniform(photos, -2 * _MAX_SHIFT, 2 * _MAX_SHIFT) for _ in "xy")
    rows = torch.stack([flip * cos, -sin, shift_x, flip * sin, cos, shift_y], dim=1)
    return rows.view(count, 2, 3)


def _uniform(photos: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(photos), device=photos.device).uniform_(low, high)
