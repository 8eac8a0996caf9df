"""A garment's layer: what the tailor hands to the photographer."""

from dataclasses import dataclass
from typing import Literal

from training.demo.outlines import Points

Material = Literal["fabric", "plain", "rib", "lining", "seam", "trim", "counter", "metal"]
"""The cloth with its pattern, the same without, a ribbed edge, the inside, a dark seam, the
contrasting trim of buttons and stitching, the trim's own contrast, and metal."""


@dataclass(frozen=True)
class Layer:
    """Polygons in garment coordinates, painted together with one material."""

    material: Material
    polygons: tuple[Points, ...]
    grain_deg: float = 0.0
    shade: float = 1.0
    opacity: float = 1.0
