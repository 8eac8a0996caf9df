"""The camera: how large, how tilted and where a garment lands in its photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.demo.layers import Layer
from training.demo.outlines import Points
from training.demo.patterns import Field

CLOSE_UP_SHARE = 0.3
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Camera:
    """Where the garment lands in the photo."""

    width_px: int
    height_px: int
    scale_px: float
    angle_rad: float
    aim: Points
    centre_px: Points

    @property
    def _rotation(self) -> Points:
        cos, sin = np.cos(self.angle_rad), np.sin(self.angle_rad)
        return np.array([[cos, -sin], [sin, cos]])

    def project(self, outline: Points) -> Points:
        """Return garment coordinates as pixels."""
        turned: Points = (outline - self.aim) @ self._rotation.T
        return turned * self.scale_px + self.centre_px

    def unproject(self, box: Box, grain_deg: float) -> tuple[Field, Field]:
        """Return the garment coordinates of a box of pixels, turned to the fabric's grain."""
        left, top, right, bottom = box
        x = (np.arange(left, right) + 0.5 - self.centre_px[0]) / self.scale_px
        y = (np.arange(top, bottom) + 0.5 - self.centre_px[1]) / self.scale_px
        x, y = x[None, :].astype(np.float32), y[:, None].astype(np.float32)
        angle = np.float32(self.angle_rad + np.radians(grain_deg))
        cos, sin = np.cos(angle), np.sin(angle)
        u = cos * x + sin * y + np.float32(self.aim[0])
        v = -sin * x + cos * y + np.float32(self.aim[1])
        return u, v

    def visible_box(self, outlines_px: Sequence[Points]) -> Box:
        """Return the pixels that the outlines touch, within the photo."""
        corners, size_px = np.vstack(outlines_px), (self.width_px, self.height_px)
        left, top = np.clip(np.floor(corners.min(axis=0)) - 1, 0, size_px).astype(int)
        right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, size_px).astype(int)
        return int(left), int(top), int(right), int(bottom)


def frame(layers: Sequence[Layer], view: int, rng: np.random.Generator) -> Camera:
    """Return a camera that holds the whole garment, or from view 1 on sometimes a close-up."""
    width_px, height_px = _photo_size_px(rng)
    corners = np.vstack([polygon for layer in layers for polygon in layer.polygons])
    low, high = corners.min(axis=0), corners.max(axis=0)
    fit = min(width_px / (high[0] - low[0]), height_px / (high[1] - low[1]))
    aim = (low + high) / 2
    zoom = rng.uniform(0.86, 0.95) if view == 0 else rng.uniform(0.80, 0.97)
    if view > 0 and rng.random() < CLOSE_UP_SHARE:
        zoom = rng.uniform(1.10, 1.25)
        aim[1] -= 0.10 * (high[1] - low[1])
    shift = rng.uniform(-0.02, 0.02, 2) * (width_px, height_px)
    return Camera(
        width_px=width_px,
        height_px=height_px,
        scale_px=float(fit * zoom),
        angle_rad=float(np.radians(rng.normal(0, 1.2 if view == 0 else 4.0))),
        aim=aim,
        centre_px=np.array([width_px, height_px]) / 2 + shift,
    )


def _photo_size_px(rng: np.random.Generator) -> tuple[int, int]:
    width_px = int(rng.integers(272, 305))
    if rng.random() < 0.18:
        return width_px + 24, width_px + 24
    return width_px, int(width_px * rng.uniform(1.18, 1.36))
