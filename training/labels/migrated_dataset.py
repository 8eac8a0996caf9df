"""A dataset folder, from one version of its label space to another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.label_space import LabelId
from training.data import read_catalogue
from training.data.catalogue import with_ancestors
from training.data.csv_rows import CsvRow, read_header, read_rows
from training.data.product_rows import find_photo, split_cell
from training.labels.dataset_folder import photo_cell, refuse_dataset, write_csv
from training.labels.label_lists import ConversionReport, convert_labels
from training.labels.migration import Migrated


@dataclass(frozen=True)
class ConvertedDataset:
    """How many rows went to products.csv, how many to unlabelled.csv, and what became of labels."""

    rows: int
    unlabelled: int
    report: ConversionReport


def count_labels(folder: Path, migrated: Migrated) -> Counter[LabelId]:
    """Return in how many photos each label of the new version is; parents count their children's.

    Raises
    ------
    DataInvalid : if the folder is no dataset, or has labels that the old version does not have.
    """
    catalogue = read_catalogue(folder)
    counts: Counter[LabelId] = Counter()
    for photo in catalogue.photos:
        labels = convert_labels(
            list(photo.labels), migrated, ConversionReport(), f"{folder}, {photo.path.name}"
        )
        counts.update(with_ancestors(map(str, labels), migrated.after))
    return counts


def convert_dataset(source: Path, migrated: Migrated, folder: Path) -> ConvertedDataset:
    """Write the dataset of `source` to `folder`, in the new version; its photos stay.

    Rows that have lost all their labels go to unlabelled.csv, with the labels they had.

    Raises
    ------
    DataInvalid : if `source` has no sound products.csv, a row has a label or an unknown group that
        the old version does not have, or `folder` holds a dataset already.
    """
    refuse_dataset(folder)
    path = source / "products.csv"
    rows, malformed = read_rows(path, required=("image", "labels"))
    if malformed:
        raise DataInvalid(f"{malformed[0].where}: {malformed[0].detail}; correct it first.")
    header = [name for name in read_header(path) if name]
    report = ConversionReport()
    converted = [_convert(row, source, folder, migrated, report) for row in rows]
    labelled = [cells for cells in converted if cells["labels"]]
    lost = [
        {**cells, "labels": row["labels"]}
        for row, cells in zip(rows, converted, strict=True)
        if not cells["labels"]
    ]
    _write(folder / "products.csv", header, labelled)
    (folder / "labels.json").write_text(migrated.after.to_json(), encoding="utf-8")
    if lost:
        _write(folder / "unlabelled.csv", header, lost)
    return ConvertedDataset(len(labelled), len(lost), report)


def _convert(
    row: CsvRow, source: Path, folder: Path, migrated: Migrated, report: ConversionReport
) -> dict[str, str]:
    given = split_cell(row["labels"], migrated.before.__contains__)
    label_ids = convert_labels(given, migrated, report, row.where)
    photo = find_photo((source / "images", source), row["image"])
    return {
        **row.cells,
        "image": photo_cell(photo, folder) if photo else row["image"],
        "labels": "_".join(map(str, label_ids)),
        "unknown_groups": "_".join(_groups_left(row, migrated)),
    }


def _groups_left(row: CsvRow, migrated: Migrated) -> list[str]:
    """Return the row's unknown groups without those that have gone with all their labels."""
    names = split_cell(row["unknown_groups"], migrated.before.has_group)
    if strange := [name for name in names if not migrated.before.has_group(name)]:
        raise DataInvalid(
            f"{row.where}: the group {strange[0]!r} is not in the version "
            f"{migrated.before.version!r}; correct it first."
        )
    return [name for name in names if migrated.after.has_group(name)]


def _write(path: Path, header: list[str], rows: list[dict[str, str]]) -> None:
    write_csv(path, header, ([row[name] for name in header] for row in rows))
