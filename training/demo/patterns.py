"""Fabric: the shades a colour name covers, and the pattern woven or printed into it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.demo.attributes import Product
from training.demo.layers import Material

Field = NDArray[np.float32]
"""Float32 array of shape (H, W), one value a pixel."""
Rgb = NDArray[np.float32]
"""Float32 array of shape (3,) or (H, W, 3), in [0, 1]."""

# The two ends of what a colour name covers; a product's shade lies between them.
SHADES = {
    "Black": ((20, 20, 23), (44, 44, 50)),
    "White": ((236, 236, 232), (250, 250, 250)),
    "Grey": ((112, 114, 118), (156, 156, 160)),
    "Red": ((160, 18, 28), (214, 42, 40)),
    "Blue": ((26, 58, 138), (68, 124, 206)),
    "Green": ((24, 92, 52), (82, 164, 92)),
    "Yellow": ((226, 180, 28), (250, 220, 84)),
    "Pink": ((234, 122, 164), (248, 182, 204)),
}
WHITE, INK, METAL = (244, 243, 240), (30, 31, 42), (198, 200, 205)
# What is printed or sewn on a colour in clear contrast.
CONTRASTS = {
    "Black": (WHITE,),
    "White": (INK,),
    "Grey": (WHITE, INK),
    "Red": (WHITE, INK),
    "Blue": (WHITE,),
    "Green": (WHITE,),
    "Yellow": (INK,),
    "Pink": (INK,),
}

PERIODS = {"Striped": (0.12, 0.18), "Checked": (0.18, 0.25), "Dotted": (0.16, 0.22)}
# Shares of a period, so that the second colour stays a minority of the area.
STRIPE_SHARES, DOT_RADIUS_SHARES = (0.28, 0.40), (0.19, 0.24)


@dataclass(frozen=True)
class Fabric:
    """A product's cloth and trim; `counter` is what stands out on the contrast."""

    base: Rgb
    contrast: Rgb
    counter: Rgb
    pattern: str
    period: float
    share: float
    turned: bool

    def colour(self, material: Material, u: Field, v: Field, softness: float) -> Rgb:
        """Return the material's colour at garment coordinates u, v.

        `softness` is the width of a pixel in garment units, over which edges are blended.
        """
        if material == "fabric":
            second = self._second_share(u, v, softness)[..., None]
            return _float32(self.base + second * (self.contrast - self.base))
        if material == "rib":
            ribs = 0.24 + 0.10 * np.sin(u * (2 * np.pi / 0.035))
            return _float32(self.base + ribs[..., None] * (self.contrast - self.base))
        return self._flat(material)

    def _flat(self, material: Material) -> Rgb:
        flats = {
            "plain": self.base,
            "lining": self._lining,
            "seam": _float32(self.base * 0.35),
            "trim": self.contrast,
            "counter": self.counter,
            "metal": _rgb(METAL),
        }
        return flats[material]

    @property
    def _lining(self) -> Rgb:
        # The inside is darker, except that nothing is darker than black.
        is_dark = float(self.base.mean()) < 0.25
        return _float32(self.base + 0.4 if is_dark else self.base * 0.38)

    def _second_share(self, u: Field, v: Field, softness: float) -> Field:
        """Return how much of the second colour shows, in [0, 1]."""
        blend = softness / self.period
        across, down = (v, u) if self.turned else (u, v)
        if self.pattern == "Striped":
            return _bands(down / self.period, self.share, blend)
        if self.pattern == "Checked":
            bands = [_bands(axis / self.period, self.share, blend) for axis in (across, down)]
            return _float32(0.5 * (bands[0] + bands[1]))
        if self.pattern == "Dotted":
            return _dots(across / self.period, down / self.period, self.share, blend)
        return np.zeros_like(u)


def weave(product: Product, rng: np.random.Generator) -> Fabric:
    """Return the product's fabric: its shade of the colour, and its pattern's size and contrast."""
    contrasts = CONTRASTS[product.colour]
    contrast = contrasts[rng.integers(len(contrasts))]
    shares = DOT_RADIUS_SHARES if product.pattern == "Dotted" else STRIPE_SHARES
    return Fabric(
        base=_shade(product.colour, rng),
        contrast=_rgb(contrast),
        counter=_rgb(INK if contrast == WHITE else WHITE),
        pattern=product.pattern,
        period=float(rng.uniform(*PERIODS.get(product.pattern, (1.0, 1.0)))),
        share=float(rng.uniform(*shares)),
        turned=bool(rng.random() < 0.3),
    )


def _shade(colour: str, rng: np.random.Generator) -> Rgb:
    low, high = (_rgb(end) for end in SHADES[colour])
    drift = rng.normal(0.0, 0.006, 3)
    return _float32(np.clip(low + rng.random() * (high - low) + drift, 0.0, 1.0))


def _rgb(levels: tuple[int, int, int]) -> Rgb:
    return _float32(np.array(levels) / 255)


def _float32(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.astype(np.float32, copy=False)


def _bands(position: Field, share: float, blend: float) -> Field:
    """Return 1 inside the bands around whole positions, with blended edges."""
    distance = np.abs(position - np.round(position))
    return _float32(np.clip((share / 2 - distance) / blend + 0.5, 0.0, 1.0))


def _dots(across: Field, down: Field, radius: float, blend: float) -> Field:
    """Return 1 inside the dots of two staggered square lattices."""
    shifted = _lattice(across + 0.5, down + 0.5, radius, blend)
    return np.maximum(_lattice(across, down, radius, blend), shifted)


def _lattice(across: Field, down: Field, radius: float, blend: float) -> Field:
    distance = np.hypot(across - np.round(across), down - np.round(down))
    return _float32(np.clip((radius - distance) / blend + 0.5, 0.0, 1.0))
