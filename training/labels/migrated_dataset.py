"""A dataset folder, from one version of its label space to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.files.whole_file import whole_files
from hangtag.label_space import LabelId
from hangtag.tables.csv_table import TableRow, read_csv
from hangtag.tables.photo_finder import PhotoFinder
from training.data import read_dataset
from training.data.cell_reader import CellReader
from training.data.csv_rows import rows_of
from training.data.dataset import with_ancestors
from training.data.formats.products_csv import OPTIONAL, REQUIRED
from training.data.key_lists import join_cell
from training.data.remarks import remark
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
    dataset = read_dataset(folder)
    counts: Counter[LabelId] = Counter()
    for photo in dataset.photos:
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
    with whole_files(folder) as to:
        return write_converted(source, migrated, folder, to)


def write_converted(
    source: Path, migrated: Migrated, folder: Path, to: Callable[[str], Path]
) -> ConvertedDataset:
    """Do as `convert_dataset`, with each file where `to` says."""
    refuse_dataset(folder)
    path = source / "products.csv"
    rows, malformed = rows_of(read_csv(path, REQUIRED, optional=OPTIONAL, keep_further=True))
    if malformed:
        raise DataInvalid(f"{malformed[0].where}: {malformed[0].detail}; correct it first.")
    header = [name for name in rows[0].cells if name]
    report = ConversionReport()
    reader = _Reader.of(source, rows, migrated)
    converted = [_convert(row, reader, folder, migrated, report) for row in rows]
    for text in reader.remarks():
        remark(f"{path.name}: {text}")
    labelled = [cells for cells in converted if cells["labels"]]
    lost = [
        {**cells, "labels": row["labels"]}
        for row, cells in zip(rows, converted, strict=True)
        if not cells["labels"]
    ]
    _write(to("products.csv"), header, labelled)
    to("labels.json").write_text(migrated.after.to_json(), encoding="utf-8")
    if lost:
        _write(to("unlabelled.csv"), header, lost)
    return ConvertedDataset(len(labelled), len(lost), report)


@dataclass(frozen=True)
class _Reader:
    """Reads the cells of the old version as training reads them."""

    photos: PhotoFinder
    labels: CellReader
    groups: CellReader

    @classmethod
    def of(cls, source: Path, rows: Sequence[TableRow], migrated: Migrated) -> _Reader:
        return cls(
            PhotoFinder((source / "images", source), (row["image"] for row in rows)),
            CellReader.of_labels("labels", migrated.before),
            CellReader.of_groups("unknown_groups", migrated.before),
        )

    def remarks(self) -> Iterator[str]:
        yield from (*self.photos.remarks(), *self.labels.remarks(), *self.groups.remarks())


def _convert(
    row: TableRow, reader: _Reader, folder: Path, migrated: Migrated, report: ConversionReport
) -> dict[str, str]:
    label_ids = convert_labels(reader.labels.read(row["labels"]), migrated, report, row.where)
    photo = reader.photos.find(row["image"])
    groups = _groups_left(row, reader.groups.read(row["unknown_groups"]), migrated)
    return {
        **row.cells,
        "image": photo_cell(photo, folder) if photo else row["image"],
        "labels": join_cell(label_ids, migrated.after.__contains__),
        "unknown_groups": join_cell(groups, migrated.after.has_group),
    }


def _groups_left(row: TableRow, names: Sequence[str], migrated: Migrated) -> list[str]:
    """Return the row's unknown groups without those that have gone with all their labels."""
    if strange := [name for name in names if not migrated.before.has_group(name)]:
        raise DataInvalid(
            f"{row.where}: the group {strange[0]!r} is not in the version "
            f"{migrated.before.version!r}; correct it first."
        )
    return [name for name in names if migrated.after.has_group(name)]


def _write(path: Path, header: list[str], rows: list[dict[str, str]]) -> None:
    write_csv(path, header, ([row[name] for name in header] for row in rows))
