"""The demo's label space, and the combinations of attributes that make sense."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

VERSION = "demo-1"


@dataclass(frozen=True)
class Group:
    """A question about a product, such as its colour."""

    name: str
    title: str
    exclusive: bool = True
    parent: str | None = None


@dataclass(frozen=True)
class Label:
    """An answer to a group's question, with the retailer's own ID."""

    id: int
    name: str
    group: str
    parent: int | None = None


GROUPS = (
    Group("category", "Category"),
    Group("garment", "Garment", parent="category"),
    Group("colour", "Colour"),
    Group("pattern", "Pattern"),
    Group("sleeves", "Sleeves"),
    Group("neckline", "Neckline"),
    Group("details", "Details", exclusive=False),
)

LABELS = (
    Label(21, "Topwear", "category"),
    Label(24, "Bottomwear", "category"),
    Label(31, "Dresses", "category"),
    Label(412, "T-shirt", "garment", parent=21),
    Label(415, "Shirt", "garment", parent=21),
    Label(426, "Sweater", "garment", parent=21),
    Label(433, "Jacket", "garment", parent=21),
    Label(447, "Dress", "garment", parent=31),
    Label(458, "Skirt", "garment", parent=24),
    Label(463, "Trousers", "garment", parent=24),
    Label(479, "Shorts", "garment", parent=24),
    Label(77, "Black", "colour"),
    Label(78, "White", "colour"),
    Label(81, "Grey", "colour"),
    Label(85, "Red", "colour"),
    Label(90, "Blue", "colour"),
    Label(92, "Green", "colour"),
    Label(96, "Yellow", "colour"),
    Label(103, "Pink", "colour"),
    Label(1201, "Plain", "pattern"),
    Label(1204, "Striped", "pattern"),
    Label(1209, "Checked", "pattern"),
    Label(1210, "Dotted", "pattern"),
    Label(530, "Sleeveless", "sleeves"),
    Label(532, "Short sleeves", "sleeves"),
    Label(537, "Long sleeves", "sleeves"),
    Label(611, "Round neck", "neckline"),
    Label(618, "V-neck", "neckline"),
    Label(625, "Collar", "neckline"),
    Label(2040, "Buttons", "details"),
    Label(2047, "Zip", "details"),
    Label(2051, "Pocket", "details"),
    Label(2066, "Hood", "details"),
)


@dataclass(frozen=True)
class GarmentRule:
    """What a kind of garment may have; `details` lists whole combinations."""

    sleeves: tuple[str, ...] = ()
    necklines: tuple[str, ...] = ()
    details: tuple[tuple[str, ...], ...] = ((),)
    audiences: tuple[str, ...] = ("Women's", "Men's", "Unisex")


_OPEN_NECKS = ("Round neck", "V-neck")
_BOTTOM_DETAILS = ((), ("Pocket",), ("Zip",), ("Zip", "Pocket"))
_WRAP_DETAILS = ((), ("Buttons",), ("Zip",), ("Pocket",), ("Buttons", "Pocket"))

RULES = {
    "T-shirt": GarmentRule(
        sleeves=("Sleeveless", "Short sleeves", "Long sleeves"),
        necklines=_OPEN_NECKS,
        details=((), ("Pocket",)),
    ),
    "Shirt": GarmentRule(
        sleeves=("Short sleeves", "Long sleeves"),
        necklines=("Collar",),
        details=(("Buttons",), ("Buttons", "Pocket")),
    ),
    "Sweater": GarmentRule(
        sleeves=("Long sleeves",),
        necklines=_OPEN_NECKS,
        details=((), ("Buttons",), ("Zip",), ("Pocket", "Hood")),
    ),
    "Jacket": GarmentRule(
        sleeves=("Long sleeves",),
        necklines=("Collar",),
        details=(
            ("Buttons",),
            ("Buttons", "Pocket"),
            ("Zip",),
            ("Zip", "Pocket"),
            ("Zip", "Hood"),
            ("Zip", "Pocket", "Hood"),
        ),
    ),
    "Dress": GarmentRule(
        sleeves=("Sleeveless", "Short sleeves", "Long sleeves"),
        necklines=("Round neck", "V-neck", "Collar"),
        details=_WRAP_DETAILS,
        audiences=("Women's", "Girls'"),
    ),
    "Skirt": GarmentRule(details=_WRAP_DETAILS, audiences=("Women's", "Girls'")),
    "Trousers": GarmentRule(details=_BOTTOM_DETAILS),
    "Shorts": GarmentRule(details=_BOTTOM_DETAILS),
}

PHOTO_COUNTS, PHOTO_COUNT_SHARES = (1, 2, 3), (0.60, 0.35, 0.05)
BRANDS = ("Alderway", "Brimstow", "Corvane", "Dunmere", "Elswick", "Fennholt", "Garrowby", "Harlow")

_LABEL_BY_NAME = {label.name: label for label in LABELS}


@dataclass(frozen=True)
class Product:
    """One product's attributes, by label name; a group that does not apply is None."""

    index: int
    garment: str
    colour: str
    pattern: str
    sleeves: str | None
    neckline: str | None
    details: tuple[str, ...]
    audience: str
    brand: str
    photo_count: int

    @property
    def product_id(self) -> str:
        """The retailer's key of the product."""
        return f"DEMO-{self.index:05d}"

    @property
    def label_ids(self) -> tuple[int, ...]:
        """The product's label IDs in the order of the groups, parents included."""
        garment = _LABEL_BY_NAME[self.garment]
        answers = (self.colour, self.pattern, self.sleeves, self.neckline, *self.details)
        ids = (_LABEL_BY_NAME[name].id for name in answers if name is not None)
        return (*(() if garment.parent is None else (garment.parent,)), garment.id, *ids)

    @property
    def title(self) -> str:
        """The shop's title; brand and style number keep it unique."""
        looks = f"{self.pattern.lower()} {self.colour.lower()} {self._noun}"
        return f"{self.audience} {looks}, {self.brand} {10_000 + 7 * self.index}"

    @property
    def description(self) -> str:
        """One sentence of shop prose."""
        features = [name.lower() for name in (self.neckline, self.sleeves, *self.details) if name]
        ending = f", with {' and '.join(features)}" if features else ""
        return f"{self.pattern} {self._noun} in {self.colour.lower()}{ending}."

    @property
    def _noun(self) -> str:
        return self.garment if self.garment == "T-shirt" else self.garment.lower()


def draw_product(seed: int, index: int) -> Product:
    """Return the attributes of product `index`, drawn uniformly from what its garment allows."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, index]))
    garment = _pick(rng, tuple(RULES))
    rule = RULES[garment]
    details = rule.details[rng.integers(len(rule.details))]
    # A hood hides the neckline, so that a photo could not support the label.
    necklines = () if "Hood" in details else rule.necklines
    return Product(
        index=index,
        garment=garment,
        colour=_pick(rng, _names_in("colour")),
        pattern=_pick(rng, _names_in("pattern")),
        sleeves=_pick(rng, rule.sleeves) if rule.sleeves else None,
        neckline=_pick(rng, necklines) if necklines else None,
        details=details,
        audience=_pick(rng, rule.audiences),
        brand=_pick(rng, BRANDS),
        photo_count=int(rng.choice(PHOTO_COUNTS, p=PHOTO_COUNT_SHARES)),
    )


def label_space() -> dict[str, Any]:
    """Return the content of labels.json."""
    return {
        "version": VERSION,
        "groups": [asdict(group) for group in GROUPS],
        "labels": [asdict(label) for label in LABELS],
    }


def _names_in(group: str) -> tuple[str, ...]:
    return tuple(label.name for label in LABELS if label.group == group)


def _pick(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[rng.integers(len(names))]
