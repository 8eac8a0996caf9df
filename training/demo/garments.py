"""Silhouettes: a product's attributes and its cut become layers to paint, back to front."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import numpy as np

from training.demo import closures
from training.demo.attributes import Product
from training.demo.layers import Layer
from training.demo.outlines import (
    Points,
    both_sides,
    curve,
    join,
    line,
    mirrored,
    moved,
    ribbon,
    symmetric,
)


@dataclass(frozen=True)
class UpperCut:
    """Dimensions in garment units; halves are measured from the middle."""

    neck_half: float
    shoulder_half: float
    chest_half: float
    waist_half: float
    hem_half: float
    length: float
    cuff: float
    hem_drop: float = 0.03


@dataclass(frozen=True)
class LowerCut:
    """Dimensions in garment units; `splay` is how far a leg's hem is from the middle."""

    waist_half: float
    hem_half: float
    length: float
    splay: float = 0.0


UPPER_CUTS = {
    "T-shirt": UpperCut(0.18, 0.38, 0.35, 0.34, 0.36, 1.00, cuff=0.17),
    "Shirt": UpperCut(0.13, 0.37, 0.35, 0.33, 0.36, 1.10, cuff=0.14, hem_drop=0.10),
    "Sweater": UpperCut(0.19, 0.42, 0.42, 0.42, 0.39, 1.02, cuff=0.15),
    "Jacket": UpperCut(0.15, 0.43, 0.43, 0.42, 0.44, 1.14, cuff=0.18),
    "Dress": UpperCut(0.17, 0.31, 0.29, 0.24, 0.50, 1.45, cuff=0.13),
}
LOWER_CUTS = {
    "Skirt": LowerCut(0.25, 0.48, 0.90),
    "Trousers": LowerCut(0.28, 0.085, 1.45, splay=0.28),
    "Shorts": LowerCut(0.30, 0.14, 0.78, splay=0.29),
}
AnyCut = TypeVar("AnyCut", UpperCut, LowerCut)

SHOULDER_Y, ARMPIT_Y, WAIST_Y, CROTCH_Y = 0.07, 0.33, 0.50, 0.46
NECK_DEPTHS = {"Round neck": 0.18, "V-neck": 0.44, "Collar": 0.15}
SLEEVE_LENGTHS = {"Short sleeves": 0.30, "Long sleeves": 0.86}
SLEEVE_ANGLES_DEG = {"Short sleeves": 32.0, "Long sleeves": 12.0}


def tailor(product: Product, rng: np.random.Generator) -> list[Layer]:
    """Return the product's layers, with the small differences of cut between products."""
    if product.garment in UPPER_CUTS:
        return list(_upper(product, _varied(UPPER_CUTS[product.garment], rng), rng))
    cut = _varied(LOWER_CUTS[product.garment], rng)
    return list(_skirt(product, cut) if product.garment == "Skirt" else _legs(product, cut))


def _varied(cut: AnyCut, rng: np.random.Generator) -> AnyCut:
    dimensions = asdict(cut).items()
    return replace(cut, **{name: size * rng.uniform(0.94, 1.06) for name, size in dimensions})


def _upper(product: Product, cut: UpperCut, rng: np.random.Generator) -> Iterator[Layer]:
    sleeveless = product.sleeves == "Sleeveless"
    if sleeveless:
        cut = replace(cut, shoulder_half=cut.shoulder_half * 0.76)
    neck_depth = _neck_depth(product, rng)
    if "Hood" in product.details:
        yield from closures.hood(cut.neck_half)
    yield Layer("lining", (_back_of_neck(cut, neck_depth),))
    if not sleeveless:
        yield from _sleeves(product, cut, rng)
    yield _body(product, cut, neck_depth)
    yield _armhole_seams(cut)
    yield from _hem(product, cut)
    yield from closures.upper_details(product, neck_depth, cut.chest_half, cut.length)
    yield from _neck_finish(product, cut, neck_depth)


def _neck_depth(product: Product, rng: np.random.Generator) -> float:
    if closures.has_lapels(product):
        return float(rng.uniform(0.40, 0.46))
    return float(NECK_DEPTHS.get(product.neckline or "", 0.12) * rng.uniform(0.9, 1.1))


def _neckline(product: Product, cut: UpperCut, depth: float) -> Points:
    """Return the right half of the neckline, from the middle to the shoulder."""
    is_round = product.neckline in ("Round neck", None)
    control = (cut.neck_half, depth) if is_round else (cut.neck_half * 0.5, depth * 0.55)
    return curve((0, depth), control, (cut.neck_half, 0))


def _back_of_neck(cut: UpperCut, depth: float) -> Points:
    back = curve((0, 0.035), (cut.neck_half * 0.7, 0.03), (cut.neck_half + 0.01, 0.0))
    return symmetric(join(back, line((cut.neck_half + 0.01, 0.05), (0.02, depth + 0.04))))


def _body(product: Product, cut: UpperCut, neck_depth: float) -> Layer:
    neckline = _neckline(product, cut, neck_depth)
    right_half = join(neckline, _armhole(cut), _side(product, cut), _hem_half(cut))
    return Layer("fabric", (symmetric(right_half),))


def _armhole(cut: UpperCut) -> Points:
    control = (min(cut.shoulder_half, cut.chest_half) - 0.05, 0.24)
    return curve((cut.shoulder_half, SHOULDER_Y), control, (cut.chest_half, ARMPIT_Y))


def _hem_half(cut: UpperCut) -> Points:
    """Return the right half of the hem, from the side to the middle."""
    bottom = cut.length + cut.hem_drop
    return curve((cut.hem_half, cut.length), (cut.hem_half * 0.5, bottom), (0, bottom))


def _side(product: Product, cut: UpperCut) -> Points:
    if product.garment != "Dress":
        control = (cut.waist_half * 0.98, cut.length * 0.6)
        return curve((cut.chest_half, ARMPIT_Y), control, (cut.hem_half, cut.length))
    waist = (cut.waist_half, WAIST_Y)
    bodice = curve((cut.chest_half, ARMPIT_Y), (cut.waist_half, 0.40), waist)
    return join(bodice, curve(waist, (cut.hem_half * 0.78, 0.75), (cut.hem_half, cut.length)))


def _sleeves(product: Product, cut: UpperCut, rng: np.random.Generator) -> Iterator[Layer]:
    sleeves = product.sleeves or ""
    angle_deg = SLEEVE_ANGLES_DEG[sleeves] * rng.uniform(0.85, 1.2)
    along = np.array([np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))])
    across = np.array([along[1], -along[0]])
    shoulder = np.array([cut.shoulder_half, SHOULDER_Y])
    outer = shoulder + along * SLEEVE_LENGTHS[sleeves] + across * 0.02
    inner = outer - across * cut.cuff
    cap = curve(shoulder, moved(shoulder, 0.11, 0.045), outer)
    underarm = line(inner, (cut.chest_half, ARMPIT_Y + 0.01))
    under_body = line((cut.chest_half - 0.12, ARMPIT_Y), (cut.shoulder_half - 0.10, 0.12))
    right, left = both_sides(join(cap, underarm, under_body))
    yield Layer("fabric", (right,), grain_deg=-angle_deg, shade=0.95)
    yield Layer("fabric", (left,), grain_deg=angle_deg, shade=0.95)
    yield from _cuffs(product, join(inner[None], outer[None]), along)


def _cuffs(product: Product, edge: Points, along: Points) -> Iterator[Layer]:
    if product.garment == "Sweater":
        yield Layer("rib", both_sides(ribbon(edge - along * 0.05, 0.13)))
    elif product.sleeves == "Long sleeves" and product.garment in ("Shirt", "Jacket"):
        yield Layer("plain", both_sides(ribbon(edge - along * 0.045, 0.09)), shade=0.93)
        yield Layer("seam", both_sides(ribbon(edge - along * 0.09, 0.012)), opacity=0.5)
    else:
        yield Layer("seam", both_sides(ribbon(edge - along * 0.03, 0.010)), opacity=0.3)


def _armhole_seams(cut: UpperCut) -> Layer:
    return Layer("seam", both_sides(ribbon(_armhole(cut), 0.016)), opacity=0.45)


def _hem(product: Product, cut: UpperCut) -> Iterator[Layer]:
    half = moved(_hem_half(cut), -0.006, -0.03)
    path = join(mirrored(half), half[-2::-1])
    if product.garment == "Sweater":
        yield Layer("rib", (ribbon(moved(path, 0, -0.03), 0.14),))
    else:
        yield Layer("seam", (ribbon(path, 0.012),), opacity=0.35)
    if product.garment == "Dress":
        waist = line((-cut.waist_half, WAIST_Y), (0, WAIST_Y + 0.01), (cut.waist_half, WAIST_Y))
        yield Layer("seam", (ribbon(waist, 0.02),), opacity=0.5)
        yield from _pleats(cut, WAIST_Y)


def _pleats(cut: UpperCut | LowerCut, top_y: float) -> Iterator[Layer]:
    for share in (0.28, 0.72):
        fold = line((cut.waist_half * share, top_y), (cut.hem_half * share, cut.length - 0.02))
        yield Layer("seam", both_sides(ribbon(fold, 0.022)), opacity=0.22)


def _neck_finish(product: Product, cut: UpperCut, depth: float) -> Iterator[Layer]:
    if product.neckline == "Collar":
        yield from closures.collar(product, cut.neck_half, depth)
        return
    half = _neckline(product, cut, depth)
    path = join(mirrored(half)[::-1], half[1:])
    is_sweater = product.garment == "Sweater"
    width = 0.08 if is_sweater else 0.055
    yield Layer("rib" if is_sweater else "trim", (ribbon(path, width),), shade=0.95)
    yield Layer("seam", (ribbon(moved(path, 0, width * 0.6), 0.018),), opacity=0.6)


def _waistband(cut: LowerCut) -> Iterator[Layer]:
    band = line((-cut.waist_half, 0.035), (0, 0.045), (cut.waist_half, 0.035))
    yield Layer("plain", (ribbon(band, 0.075),), shade=0.9)
    yield Layer("seam", (ribbon(moved(band, 0, 0.045), 0.014),), opacity=0.6)


def _skirt(product: Product, cut: LowerCut) -> Iterator[Layer]:
    side = curve((cut.waist_half, 0), (cut.hem_half * 0.85, 0.30), (cut.hem_half, cut.length))
    hem = curve(
        (cut.hem_half, cut.length), (cut.hem_half * 0.5, cut.length + 0.05), (0, cut.length + 0.05)
    )
    yield Layer("fabric", (symmetric(join(line((0, 0.01)), side, hem)),))
    yield from _pleats(cut, 0.08)
    hem_seam = moved(join(mirrored(hem), hem[::-1][1:]) * (0.97, 1), 0, -0.04)
    yield Layer("seam", (ribbon(hem_seam, 0.012),), opacity=0.35)
    yield from _waistband(cut)
    yield from closures.skirt_details(product, cut.length)


def _legs(product: Product, cut: LowerCut) -> Iterator[Layer]:
    outer_hem, inner_hem = cut.splay + cut.hem_half, cut.splay - cut.hem_half
    outer = curve((cut.waist_half, 0), (cut.waist_half + 0.08, 0.25), (outer_hem, cut.length))
    inner = line((inner_hem, cut.length + 0.01), (0.012, CROTCH_Y), (-0.01, CROTCH_Y - 0.04))
    leg = join(line((-0.01, 0.01)), outer, inner)
    for outline, lean_deg in zip(both_sides(leg), (-4.0, 4.0), strict=True):
        yield Layer("fabric", (outline,), grain_deg=lean_deg)
    edge = line((inner_hem + 0.005, cut.length - 0.04), (outer_hem - 0.01, cut.length - 0.05))
    yield Layer("seam", both_sides(ribbon(edge, 0.014)), opacity=0.4)
    yield Layer("seam", (ribbon(line((0, 0.08), (0, CROTCH_Y)), 0.014),), opacity=0.5)
    yield from _waistband(cut)
    yield from closures.leg_details(product, cut.splay)
