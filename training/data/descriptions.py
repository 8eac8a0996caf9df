"""The texts of a dataset folder, whether it has labels or not."""

from __future__ import annotations

from pathlib import Path

from hangtag.errors import DataInvalid
from training.data.csv_rows import CsvRow, read_header, read_rows
from training.data.described_photo import DescribedPhoto
from training.data.layouts import feidegger
from training.data.product_rows import find_photo
from training.data.split import SPLIT_NAMES

_TEXTS = ("title", "description")


def read_described(folder: Path) -> list[DescribedPhoto]:
    """Return the photos of a folder with their texts: of FEIDEGGER, or of a products.csv.

    The products.csv needs the column image and one of title and description; labels need not be
    there. Photos that are missing are listed all the same, where they should be: reading the
    labels that are mined reports them.

    Raises
    ------
    DataInvalid : if the folder has neither, or the file cannot be used.
    """
    if feidegger.matches(folder):
        return feidegger.read_described(folder)
    path = folder / "products.csv"
    if not path.is_file():
        raise DataInvalid(
            f"{folder} has no texts to read; looked for: products.csv (columns image, and title or "
            f"description); or {feidegger.LOOKED_FOR}."
        )
    return _read_products(path)


def _read_products(path: Path) -> list[DescribedPhoto]:
    if not set(_TEXTS) & set(read_header(path)):
        raise DataInvalid(f"{path} has neither a column title nor a column description.")
    rows, malformed = read_rows(path, required=("image",))
    if malformed:
        raise DataInvalid(f"{path.parent / malformed[0].where}: {malformed[0].detail}.")
    return [_described(row, path.parent) for row in rows]


def _described(row: CsvRow, folder: Path) -> DescribedPhoto:
    image, split = row["image"], row["split"].lower()
    if not image:
        raise DataInvalid(f"{folder / row.where}: the row names no photo.")
    if split and split not in SPLIT_NAMES:
        names = ", ".join(SPLIT_NAMES)
        raise DataInvalid(f"{folder / row.where}: split {row['split']!r} is none of {names}.")
    found = find_photo((folder / "images", folder), image)
    return DescribedPhoto(
        path=found or folder / "images" / image,
        product_id=row["product_id"] or image,
        text="\n".join(row[column] for column in _TEXTS if row[column]),
        split=SPLIT_NAMES[split] if split else None,
    )
