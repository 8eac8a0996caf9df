"""What the commands here write: a dataset folder whose photos stay where they are."""

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from hangtag.errors import DataInvalid


def refuse_dataset(folder: Path) -> None:
    """Raise DataInvalid if the folder holds a dataset: labels made by hand are not replaced."""
    for name in ("products.csv", "labels.json"):
        if (folder / name).exists():
            raise DataInvalid(f"{folder / name} exists already; name another folder with --out.")


def photo_cell(photo: Path, folder: Path) -> str:
    """Return the image cell by which `folder/products.csv` names a photo elsewhere."""
    return Path(os.path.relpath(photo.resolve(), folder.resolve())).as_posix()


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a UTF-8 csv file with a header line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
