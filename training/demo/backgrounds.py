"""What the garment lies on or hangs before."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from training.demo.patterns import Field, Rgb

Size = tuple[int, int]
"""Height and width."""


def background(width_px: int, height_px: int, rng: np.random.Generator) -> Rgb:
    """Return a photo's background: mostly a studio's, sometimes a wall or a table."""
    surface = SURFACES[rng.choice(len(SURFACES), p=SHARES)]
    return np.clip(surface((height_px, width_px), rng), 0.0, 1.0).astype(np.float32)


def cloud(size: Size, cells: Size, rng: np.random.Generator) -> Field:
    """Return smooth noise around 0, with about `cells` bumps down and across."""
    height_px, width_px = size
    coarse = Image.fromarray(rng.standard_normal(cells, dtype=np.float32))
    return np.asarray(coarse.resize((width_px, height_px), Image.Resampling.BICUBIC))


def _white_studio(size: Size, rng: np.random.Generator) -> Rgb:
    level = rng.uniform(0.96, 1.0)
    return np.full((*size, 3), level, np.float32)


def _gradient(size: Size, rng: np.random.Generator) -> Rgb:
    down = np.linspace(rng.uniform(-0.02, 0.05), rng.uniform(-0.12, -0.04), size[0])
    tint = np.array([0.95, 0.945, 0.93]) * rng.uniform(0.93, 1.0)
    return np.broadcast_to(tint + down[:, None, None], (*size, 3)).astype(np.float32)


def _coloured_wall(size: Size, rng: np.random.Generator) -> Rgb:
    # Muted tints, so that the wall never competes with the garment's colour.
    tint = rng.uniform(0.62, 0.80) + rng.uniform(-0.07, 0.07, 3).astype(np.float32)
    return _rough(tint, size, rng, roughness=0.012)


def _concrete(size: Size, rng: np.random.Generator) -> Rgb:
    grey = rng.uniform(0.58, 0.74)
    blotches = cloud(size, (6, 5), rng) * 0.03 + cloud(size, (24, 18), rng) * 0.018
    return _rough(np.full(3, grey, np.float32), size, rng, roughness=0.02) + blotches[..., None]


def _wood(size: Size, rng: np.random.Generator) -> Rgb:
    tone = np.array([0.74, 0.62, 0.49]) * rng.uniform(0.85, 1.15)
    fibres = cloud(size, (4, 90), rng) * 0.030 + cloud(size, (3, 24), rng) * 0.025
    planks = 1 - 0.35 * _plank_gaps(size, rng)
    return (tone + fibres[..., None]) * planks[..., None]


def _plank_gaps(size: Size, rng: np.random.Generator) -> Field:
    """Return 1 in the gaps between planks, of shape (1, W)."""
    plank_px = rng.uniform(70, 110)
    position = (np.arange(size[1]) + rng.uniform(0, plank_px)) % plank_px
    return (position < 2).astype(np.float32)[None, :]


def _rough(tint: Rgb, size: Size, rng: np.random.Generator, *, roughness: float) -> Rgb:
    bumps = cloud(size, (size[0] // 3, size[1] // 3), rng) * np.float32(roughness)
    return np.asarray(tint + bumps[..., None])


Surface = Callable[[Size, np.random.Generator], Rgb]
SURFACES: tuple[Surface, ...] = (_white_studio, _gradient, _coloured_wall, _concrete, _wood)
SHARES = (0.32, 0.28, 0.18, 0.11, 0.11)
