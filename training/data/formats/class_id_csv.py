"""The plain two-column csv `ImageId,ClassId`, with `labels.json` as the names of the IDs.

- one csv file with the columns ImageId and ClassId (IDs joined by `_`), or several, of which the
  one to train on is train.csv
- `labels.json`: `{"ID": "name"}`, or groups and labels (see hangtag/label_space.py)
- the photos, in `images/`, in `train/`, or beside the csv file; with or without their extension

https://github.com/quantilegroup/computer_vision_for_product_attribution describes it.
"""

from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.label_space import read_label_space
from hangtag.tables.csv_table import TableRow, read_csv, read_header
from hangtag.tables.photo_finder import PhotoFinder
from training.data.cell_reader import CellReader
from training.data.csv_rows import rows_of
from training.data.dataset import Dataset
from training.data.product_rows import ProductRow, check_rows
from training.data.remarks import remark
from training.data.row_progress import show_progress

LOOKED_FOR = "a csv file with the columns ImageId, ClassId, and labels.json"

_COLUMNS = ("ImageId", "ClassId")


def matches(folder: Path) -> bool:
    """Whether the folder has this layout, complete or not."""
    return any(set(_COLUMNS) & set(read_header(path, _COLUMNS)) for path in folder.glob("*.csv"))


def read(folder: Path) -> Dataset:
    """Read the folder; photos lie in images/, in train/, or beside the csv file.

    Raises
    ------
    DataInvalid : if a column is missing, or several csv files could be meant.
    LabelSpaceInvalid : if labels.json is missing or contradicts itself.
    """
    path = _csv_of(folder)
    label_space = read_label_space(folder / "labels.json")
    rows, malformed = rows_of(read_csv(path, required=_COLUMNS, optional=()))
    folders = (folder / "images", folder / "train", folder)
    finder = PhotoFinder(folders, (row["ImageId"] for row in rows))
    labels = CellReader.of_labels("ClassId", label_space)
    product_rows = (_product_row(row, finder, labels) for row in show_progress(rows))
    photos, problems = check_rows(product_rows, label_space)
    for text in (*finder.remarks(), *labels.remarks()):
        remark(f"{path.name}: {text}")
    return Dataset(label_space, photos, (*malformed, *problems), source=path.name)


def _csv_of(folder: Path) -> Path:
    headers = {path: set(read_header(path, _COLUMNS)) for path in sorted(folder.glob("*.csv"))}
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


def _product_row(row: TableRow, finder: PhotoFinder, labels: CellReader) -> ProductRow:
    image = row["ImageId"]
    path = finder.find(image)
    return ProductRow(
        where=row.where,
        image=image,
        path=path,
        product_id=image,
        label_ids=labels.read(row["ClassId"]),
        photo_cause="" if path else finder.why_missing(image),
    )
