"""The plain two-column csv `ImageId,ClassId`, with `labels.json` as the names of the IDs.

- one csv file with the columns ImageId and ClassId (IDs joined by `_`), or several, of which the
  one to train on is train.csv
- `labels.json`: `{"ID": "name"}`, or groups and labels (see hangtag/label_space.py)
- the photos, in `images/`, in `train/`, or beside the csv file; with or without their extension

https://github.com/quantilegroup/computer_vision_for_product_attribution describes it.
"""

from __future__ import annotations

from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.label_space import LabelSpace, read_label_space
from training.data.catalogue import Catalogue
from training.data.csv_rows import CsvRow, read_header, read_rows
from training.data.product_rows import ProductRow, check_rows, find_photo, split_cell
from training.data.row_progress import show_progress

LOOKED_FOR = "a csv file with the columns ImageId, ClassId, and labels.json"

_COLUMNS = ("ImageId", "ClassId")


def matches(folder: Path) -> bool:
    """Whether the folder has this layout, complete or not."""
    return any(set(_COLUMNS) & set(read_header(path)) for path in folder.glob("*.csv"))


def read(folder: Path) -> Catalogue:
    """Read the folder; photos lie in images/, in train/, or beside the csv file.

    Raises
    ------
    DataInvalid : if a column is missing, or several csv files could be meant.
    LabelSpaceInvalid : if labels.json is missing or contradicts itself.
    """
    path = _csv_of(folder)
    label_space = read_label_space(folder / "labels.json")
    rows, malformed = read_rows(path, required=_COLUMNS)
    product_rows = (_product_row(row, folder, label_space) for row in show_progress(rows))
    photos, problems = check_rows(product_rows, label_space)
    return Catalogue(label_space, photos, (*malformed, *problems), source=path.name)


def _csv_of(folder: Path) -> Path:
    headers = {path: set(read_header(path)) for path in sorted(folder.glob("*.csv"))}
    complete = [path for path, header in headers.items() if header.issuperset(_COLUMNS)]
    if len(complete) > 1:
        complete = [path for path in complete if path.name == "train.csv"]
        if not complete:
            raise DataInvalid(
                f"{folder} has several csv files with the columns ImageId, ClassId; "
                "name the one to train on train.csv."
            )
    partial = [path for path, header in headers.items() if header.intersection(_COLUMNS)]
    return (complete or partial)[0]


def _product_row(row: CsvRow, folder: Path, label_space: LabelSpace) -> ProductRow:
    image = row["ImageId"]
    return ProductRow(
        where=row.where,
        image=image,
        path=find_photo((folder / "images", folder / "train", folder), image),
        product_id=image,
        label_ids=split_cell(row["ClassId"], label_space.__contains__),
    )
