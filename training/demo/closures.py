"""What is sewn on: collars, hoods, buttons, zips and pockets, large enough for a small photo."""

from collections.abc import Iterator

import numpy as np

from training.demo.attributes import Product
from training.demo.layers import Layer
from training.demo.outlines import (
    Points,
    both_sides,
    box,
    closed,
    curve,
    disc,
    join,
    line,
    mirrored,
    moved,
    ribbon,
    symmetric,
)

BUTTON_RADIUS, BUTTON_GAP = 0.027, 0.135


def has_lapels(product: Product) -> bool:
    """Return whether the collar is a blazer's, open to the first button."""
    return product.garment == "Jacket" and "Buttons" in product.details


def hood(neck_half: float) -> Iterator[Layer]:
    """Yield a hood standing behind the neck, with its dark opening."""
    width = neck_half + 0.13
    shell = join(
        curve((0, -0.40), (width * 1.05, -0.40), (width, -0.10)),
        curve((width, -0.10), (width, 0.03), (width * 0.9, 0.12)),
        line((0, 0.16)),
    )
    opening = join(
        curve((0, -0.29), (width * 0.75, -0.29), (width * 0.62, -0.05)),
        curve((width * 0.62, -0.05), (width * 0.5, 0.10), (0, 0.14)),
    )
    yield Layer("fabric", (symmetric(shell),), shade=0.9)
    yield Layer("lining", (symmetric(opening),))
    rim = join(mirrored(opening)[::-1], opening[1:])
    yield Layer("seam", (ribbon(rim, 0.02),), opacity=0.5)


def collar(product: Product, neck_half: float, depth: float) -> Iterator[Layer]:
    """Yield a turned-down collar, or a blazer's long lapels."""
    if has_lapels(product):
        tip, notch = (neck_half + 0.10, depth * 0.52), (neck_half + 0.04, depth * 0.42)
    else:
        tip, notch = (neck_half + 0.05, depth + 0.09), (neck_half + 0.09, 0.05)
    leaf = line((0.01, depth), tip, notch, (neck_half + 0.03, -0.02), (neck_half - 0.04, -0.06))
    neck = curve((neck_half - 0.04, -0.06), (neck_half * 0.6, depth * 0.5), (0.01, depth))
    leaf = join(leaf, neck)
    yield Layer("seam", both_sides(moved(leaf, 0.012, 0.022)), opacity=0.45)
    yield Layer("plain", both_sides(leaf), shade=1.03)
    yield Layer(
        "seam", tuple(ribbon(side, 0.014) for side in both_sides(closed(leaf))), opacity=0.6
    )


def buttons(top_y: float, bottom_y: float) -> Iterator[Layer]:
    """Yield a button placket down the middle."""
    edge = line((0.055, top_y), (0.055, bottom_y))
    yield Layer("plain", (box(0, (top_y + bottom_y) / 2, 0.11, bottom_y - top_y),), shade=0.97)
    yield Layer("seam", both_sides(ribbon(edge, 0.010)), opacity=0.5)
    heights = np.arange(top_y + 0.05, bottom_y - 0.03, BUTTON_GAP)
    yield Layer("counter", tuple(disc(0, y, BUTTON_RADIUS * 1.35) for y in heights))
    yield Layer("trim", tuple(disc(0, y, BUTTON_RADIUS) for y in heights))


def zip_fastener(top_y: float, bottom_y: float) -> Iterator[Layer]:
    """Yield a metal zip on contrasting tape, with its puller."""
    middle = (top_y + bottom_y) / 2
    yield Layer("trim", (box(0, middle, 0.075, bottom_y - top_y),))
    yield Layer("counter", (box(0, middle, 0.036, bottom_y - top_y),))
    teeth = np.arange(top_y + 0.01, bottom_y, 0.03)
    yield Layer("metal", tuple(box(0, y, 0.036, 0.016) for y in teeth))
    yield Layer("metal", (box(0, top_y + 0.05, 0.05, 0.03), box(0, top_y + 0.10, 0.028, 0.08)))


def pocket(outline: Points, flap_y: float) -> Iterator[Layer]:
    """Yield a patch pocket with contrast stitching and a flap down to `flap_y`."""
    (left, top), (right, _) = outline.min(axis=0), outline.max(axis=0)
    flap = box((left + right) / 2, (top + flap_y) / 2, right - left, flap_y - top)
    yield Layer("seam", (moved(outline, 0.008, 0.014),), opacity=0.4)
    yield Layer("plain", (outline,), shade=0.88)
    yield Layer("trim", (flap,), opacity=0.45)
    yield Layer("trim", (ribbon(closed(outline), 0.022),), opacity=0.85)


def upper_details(
    product: Product, neck_depth: float, chest_half: float, length: float
) -> Iterator[Layer]:
    """Yield the closing and the pockets of a garment with a neck."""
    bottom_y = length if product.garment != "Dress" else length * 0.72
    if product.garment == "Sweater" and "Zip" in product.details:
        bottom_y = length * 0.5
    if "Buttons" in product.details:
        yield from buttons(neck_depth, bottom_y)
    if "Zip" in product.details:
        yield from zip_fastener(neck_depth, bottom_y)
    if "Hood" in product.details:
        cords = both_sides(ribbon(curve((0.07, 0.10), (0.10, 0.2), (0.08, 0.36)), 0.02))
        yield Layer("trim", cords, opacity=0.9)
    if "Pocket" in product.details:
        yield from _upper_pockets(product, chest_half, length)


def _upper_pockets(product: Product, chest_half: float, length: float) -> Iterator[Layer]:
    if product.garment == "Sweater":
        top, bottom = length * 0.62, length * 0.88
        half = line((0, top), (0.15, top), (0.26, bottom - 0.08), (0.26, bottom), (0, bottom))
        yield from pocket(symmetric(half), top + 0.05)
    elif product.garment in ("T-shirt", "Shirt"):
        yield from pocket(_pouch(chest_half * 0.54, 0.52, 0.23, 0.26), 0.46)
    else:
        y = length * (0.72 if product.garment == "Jacket" else 0.58)
        for x in (-0.235, 0.235):
            yield from pocket(_pouch(x, y, 0.25, 0.27), y - 0.06)


def skirt_details(product: Product, length: float) -> Iterator[Layer]:
    """Yield the closing and the pockets of a skirt."""
    if "Buttons" in product.details:
        yield from buttons(0.06, length)
    if "Zip" in product.details:
        yield from zip_fastener(0.03, length * 0.6)
    if "Pocket" in product.details:
        for x in (-0.24, 0.24):
            yield from pocket(_pouch(x, 0.40, 0.24, 0.27), 0.34)


def leg_details(product: Product, splay: float) -> Iterator[Layer]:
    """Yield the fly and the thigh pockets of trousers or shorts."""
    if "Zip" in product.details:
        yield from zip_fastener(0.02, 0.37)
    if "Pocket" in product.details:
        for x in (-splay * 0.70, splay * 0.70):
            yield from pocket(_pouch(x, 0.44, 0.22, 0.28), 0.38)


def _pouch(x: float, y: float, width: float, height: float) -> Points:
    """Return a patch pocket's outline, pointed at the bottom."""
    left, right, top, bottom = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    shoulder = bottom - height * 0.18
    return line((left, top), (right, top), (right, shoulder), (x, bottom), (left, shoulder))
