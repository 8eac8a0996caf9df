"""The dataset folder of Hangtag: `products.csv`, `labels.json` and `images/`.

- `products.csv`: the columns image and labels (IDs joined by `_`), and optionally product_id,
  title, description, split, and unknown_groups (names joined by `_`): of these groups nothing is
  known but the labels that are given, while the labels that are not given of the others do not hold
  (docs/datasets.md: what else is read)
- `labels.json`: groups and labels (see hangtag/label_space.py)
- the photos, in `images/` or beside products.csv
"""

from pathlib import Path

from hangtag.label_space import read_label_space
from hangtag.tables.csv_table import TableRow, read_csv
from hangtag.tables.photo_finder import PhotoFinder
from training.data.cell_reader import CellReader
from training.data.csv_rows import rows_of, rows_with_ids
from training.data.dataset import Dataset
from training.data.product_rows import ProductRow, check_rows
from training.data.remarks import remark
from training.data.row_progress import show_progress
from training.data.spilled_labels import without_spilled

LOOKED_FOR = "products.csv (columns image, labels) with labels.json and images/"
REQUIRED = ("image", "labels")
OPTIONAL = ("product_id", "title", "description", "split", "unknown_groups")


def matches(folder: Path) -> bool:
    """Whether the folder has this layout."""
    return (folder / "products.csv").is_file()


def read(folder: Path) -> Dataset:
    """Read the folder.

    Raises
    ------
    DataInvalid : if products.csv is no csv file with the columns image and labels.
    LabelSpaceInvalid : if labels.json is missing or contradicts itself.
    """
    label_space = read_label_space(folder / "labels.json")
    rows, malformed = rows_of(read_csv(folder / "products.csv", REQUIRED, optional=OPTIONAL))
    rows, spilled = without_spilled(rows, label_space)
    rows = rows_with_ids("products.csv", rows)
    finder = PhotoFinder((folder / "images", folder), (row["image"] for row in rows))
    labels = CellReader.of_labels("labels", label_space)
    groups = CellReader.of_groups("unknown_groups", label_space)
    product_rows = (_product_row(row, finder, labels, groups) for row in show_progress(rows))
    photos, problems = check_rows(product_rows, label_space)
    for text in (*finder.remarks(), *labels.remarks(), *groups.remarks()):
        remark(f"products.csv: {text}")
    return Dataset(label_space, photos, (*malformed, *spilled, *problems), source="products.csv")


def _product_row(
    row: TableRow, finder: PhotoFinder, labels: CellReader, groups: CellReader
) -> ProductRow:
    path = finder.find(row["image"])
    return ProductRow(
        where=row.where,
        image=row["image"],
        path=path,
        product_id=row["product_id"],
        label_ids=labels.read(row["labels"]),
        title=row["title"],
        description=row["description"],
        unknown_groups=frozenset(groups.read(row["unknown_groups"])),
        split=row["split"],
        photo_cause="" if path else finder.why_missing(row["image"]),
    )
