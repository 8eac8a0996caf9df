"""The texts of a dataset folder that has no labels yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid
from training.data import read_described
from training.data.csv_rows import read_rows
from training.data.layouts import feidegger
from training.data.product_rows import find_photo
from training.data.readers import read_catalogue


@dataclass(frozen=True)
class TextRow:
    """One photo with its product's words; `product_id` is never empty."""

    path: Path
    product_id: str
    title: str
    description: str
    split: str


@dataclass(frozen=True)
class ProductText:
    """All that is written about one product, each text once."""

    product_id: str
    titles: tuple[str, ...]
    descriptions: tuple[str, ...]

    @property
    def first(self) -> str:
        """A text to show; there is at least one."""
        return (*self.titles, *self.descriptions)[0]


def read_text_rows(folder: Path) -> tuple[list[TextRow], int]:
    """Read photos and texts of a products.csv with or without labels, or of any other layout.

    The number is that of the rows left out: malformed, or without their photo.

    Raises
    ------
    DataInvalid : if the folder has no layout that is known, no photo, or no text at all.
    """
    if (folder / "products.csv").is_file():
        rows, left_out = _rows_without_labels(folder)
    elif feidegger.matches(folder):
        described = read_described(folder)
        rows = [
            TextRow(each.path, each.product_id, "", each.text, each.split or "")
            for each in described
            if each.path.is_file()
        ]
        left_out = len(described) - len(rows)
    else:
        catalogue = read_catalogue(folder)
        left_out = len(catalogue.problems)
        rows = [
            TextRow(photo.path, photo.product_id, photo.title, photo.description, photo.split or "")
            for photo in catalogue.photos
        ]
    if not any(row.title or row.description for row in rows):
        raise DataInvalid(
            f"{folder} has no photo with a text; mining needs a column title or description."
        )
    return rows, left_out


def _rows_without_labels(folder: Path) -> tuple[list[TextRow], int]:
    rows, malformed = read_rows(folder / "products.csv", required=("image",))
    found = ((row, find_photo((folder / "images", folder), row["image"])) for row in rows)
    texts = [
        TextRow(
            path,
            row["product_id"] or row["image"],
            row["title"],
            row["description"],
            row["split"],
        )
        for row, path in found
        if path is not None
    ]
    return texts, len(malformed) + len(rows) - len(texts)


def texts_by_product(rows: Iterable[TextRow]) -> list[ProductText]:
    """Return one entry for each product that has a text."""
    by_product: dict[str, list[TextRow]] = {}
    for row in rows:
        by_product.setdefault(row.product_id, []).append(row)
    products = (
        ProductText(
            product_id,
            _distinct([row.title for row in product_rows]),
            _distinct([row.description for row in product_rows]),
        )
        for product_id, product_rows in by_product.items()
    )
    return [product for product in products if product.titles or product.descriptions]


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
