"""The dataset folder of Hangtag: `products.csv`, `labels.json` and `images/`.

- `products.csv`: the columns image and labels (IDs joined by `_`), and optionally product_id,
  title, description, split, and unknown_groups (names joined by `_`): of these groups nothing is
  known but the labels that are given, while the labels that are not given of the others do not hold
- `labels.json`: groups and labels (see hangtag/label_space.py)
- the photos, in `images/` or beside products.csv
"""

from __future__ import annotations

from pathlib import Path

from hangtag.label_space import LabelSpace, read_label_space
from training.data.catalogue import Catalogue
from training.data.csv_rows import CsvRow, read_rows
from training.data.product_rows import ProductRow, check_rows, find_photo, split_cell
from training.data.row_progress import show_progress

LOOKED_FOR = "products.csv (columns image, labels) with labels.json and images/"


def matches(folder: Path) -> bool:
    """Whether the folder has this layout."""
    return (folder / "products.csv").is_file()


def read(folder: Path) -> Catalogue:
    """Read the folder.

    Raises
    ------
    DataInvalid : if products.csv is no csv file with the columns image and labels.
    LabelSpaceInvalid : if labels.json is missing or contradicts itself.
    """
    label_space = read_label_space(folder / "labels.json")
    rows, malformed = read_rows(folder / "products.csv", required=("image", "labels"))
    product_rows = (_product_row(row, folder, label_space) for row in show_progress(rows))
    photos, problems = check_rows(product_rows, label_space)
    return Catalogue(label_space, photos, (*malformed, *problems), source="products.csv")


def _product_row(row: CsvRow, folder: Path, label_space: LabelSpace) -> ProductRow:
    return ProductRow(
        where=row.where,
        image=row["image"],
        path=find_photo((folder / "images", folder), row["image"]),
        product_id=row["product_id"],
        label_ids=split_cell(row["labels"], label_space.__contains__),
        title=row["title"],
        description=row["description"],
        unknown_groups=frozenset(split_cell(row["unknown_groups"], label_space.has_group)),
        split=row["split"],
    )
