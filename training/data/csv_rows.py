"""csv files as rows that remember their line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid
from training.data.catalogue import Problem


@dataclass(frozen=True)
class CsvRow:
    """One record, its cells stripped; `where` is such as `products.csv:17`."""

    where: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell; empty if the file does not have the column."""
        return self.cells.get(column, "")


def read_header(path: Path) -> list[str]:
    """Return the column names of a csv file, none if it cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, csv.Error):
        return []


def read_rows(
    path: Path, required: Sequence[str], overflow: str | None = None
) -> tuple[list[CsvRow], list[Problem]]:
    """Read a csv file; records that do not fit the header become problems.

    Parameters
    ----------
    path : a UTF-8 file with a header line; BOM, CRLF and quoted line breaks are fine
    required : the columns that must be there
    overflow : the column that surplus cells belong to, as its commas were not quoted

    Raises
    ------
    DataInvalid : if the file is unreadable, empty, not UTF-8, or lacks a required column.
    """
    records = _records(_read_text(path))
    header = _checked_header(path, next(records, (1, []))[1], required)
    rows, problems = [], []
    for line, record in records:
        where = f"{path.name}:{line}"
        cells = _fit(record, header, overflow)
        if isinstance(cells, str):
            problems.append(Problem("malformed_row", where, cells))
        elif any(cells):
            rows.append(CsvRow(where, dict(zip(header, cells, strict=True))))
    if not rows and not problems:
        raise DataInvalid(f"{path} has a header and no rows.")
    return rows, problems


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataInvalid(
            f"{path} is not UTF-8 (byte {error.start:,}); save it as 'CSV UTF-8'."
        ) from error


def _records(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (line, cells), or (line, what is wrong) where quotes do not pair up."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"the quotes of this record do not pair up ({error})"


def _checked_header(path: Path, header: list[str] | str, required: Sequence[str]) -> list[str]:
    if isinstance(header, str):
        raise DataInvalid(f"{path}: line 1: {header}.")
    if not any(header):
        raise DataInvalid(f"{path} is empty; its first line must name the columns.")
    missing = [name for name in required if name not in header]
    if missing:
        raise DataInvalid(
            f"{path} lacks the column {', '.join(missing)}; its columns are {', '.join(header)}."
        )
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise DataInvalid(f"{path} has the column {repeated[0]} more than once.")
    return header


def _fit(record: list[str] | str, header: list[str], overflow: str | None) -> list[str] | str:
    """Return one cell per column, or what is wrong."""
    if isinstance(record, str) or not any(record):
        return record
    surplus = len(record) - len(header)
    if surplus > 0 and overflow is not None:
        first = header.index(overflow)
        after = first + surplus + 1
        return [*record[:first], ", ".join(record[first:after]), *record[after:]]
    if surplus:
        return f"{len(record)} cells where the header names {len(header)} columns"
    return record
