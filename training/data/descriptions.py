"""The texts of a dataset folder, whether it has labels or not."""

from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.tables.csv_table import TableRow, read_csv
from hangtag.tables.photo_finder import PhotoFinder
from training.data.csv_rows import rows_of, rows_with_ids
from training.data.described_photo import DescribedPhoto
from training.data.formats import feidegger
from training.data.readers import read_dataset
from training.data.remarks import remark

_TEXTS = ("product_id", "title", "description", "split")


def read_described(folder: Path) -> tuple[list[DescribedPhoto], int]:
    """Return the photos of a folder with their texts, and how many rows were left out.

    Of FEIDEGGER, whatever lies beside it; of a products.csv, in which labels need not be; else of
    any layout that has labels. Left out are rows that are malformed or without their photo.

    Raises
    ------
    DataInvalid : if the folder has no layout that is known, no photo, or no text at all.
    """
    if feidegger.matches(folder):
        photos, left_out = _read_feidegger(folder)
    elif (folder / "products.csv").is_file():
        photos, left_out = _read_products(folder)
    else:
        photos, left_out = _read_labelled(folder)
    if not any(photo.title or photo.description for photo in photos):
        raise DataInvalid(
            f"{folder} has no photo with a text; mining needs a column title or description."
        )
    return photos, left_out


def _read_feidegger(folder: Path) -> tuple[list[DescribedPhoto], int]:
    described = feidegger.read_described(folder)
    photos = [photo for photo in described if photo.path.is_file()]
    return photos, len(described) - len(photos)


def _read_products(folder: Path) -> tuple[list[DescribedPhoto], int]:
    rows, malformed = rows_of(
        read_csv(folder / "products.csv", required=("image",), optional=_TEXTS)
    )
    rows = rows_with_ids("products.csv", rows)
    finder = PhotoFinder((folder / "images", folder), (row["image"] for row in rows))
    photos = [photo for row in rows if (photo := _described(row, finder)) is not None]
    for text in finder.remarks():
        remark(f"products.csv: {text}")
    return photos, len(malformed) + len(rows) - len(photos)


def _described(row: TableRow, finder: PhotoFinder) -> DescribedPhoto | None:
    path = finder.find(row["image"])
    if path is None:
        return None
    return DescribedPhoto(
        path=path,
        product_id=row["product_id"] or row["image"],
        title=row["title"],
        description=row["description"],
        split=row["split"],
    )


def _read_labelled(folder: Path) -> tuple[list[DescribedPhoto], int]:
    dataset = read_dataset(folder)
    photos = [
        DescribedPhoto(each.path, each.product_id, each.title, each.description, each.split or "")
        for each in dataset.photos
    ]
    return photos, len(dataset.problems)
