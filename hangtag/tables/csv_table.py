"""csv files as rows that remember their line."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.tables.csv_header import Header, check_header, find_header, unwrapped
from hangtag.tables.csv_records import Record, read_records
from hangtag.tables.photo_finder import find_photo
from hangtag.tables.row_likeness import RowShape
from hangtag.tables.text_file import FileText, read_beginning, read_text

_QUOTES = (
    "quotes do not pair up: write a quote within a text twice, and put such a text into quotes"
)
_CELLS = (
    "rows have more or fewer cells than the header: put texts into quotes that hold what separates "
    "the cells, and line breaks"
)

_MARKED = re.compile(r"""="([^"]*)"|'(\d+)""")


@dataclass(frozen=True)
class MalformedRow:
    """A record that does not fit the header; `cause` is the sentence for all like it."""

    where: str
    detail: str
    cause: str


@dataclass(frozen=True)
class Table:
    """A file's rows, and its `remarks`: sentences on how it was read where that was not plain."""

    rows: list[TableRow]
    malformed: list[MalformedRow]
    remarks: list[str]


@dataclass(frozen=True)
class TableRow:
    """One record, its cells stripped; `where` is such as `products.csv:17`."""

    where: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell; empty if the file does not have the column."""
        return self.cells.get(column, "")


def read_header(path: Path, known: Sequence[str]) -> tuple[str, ...]:
    """Return the column names of a csv file, none if it cannot be read.

    Names of `known` that are written in another case are spelt as there.
    """
    return find_header(_lines_of(read_beginning(path)), known).names


def read_csv(
    path: Path,
    required: Sequence[str],
    overflow: str | None = None,
    optional: Sequence[str] | None = None,
    keep_further: bool = False,
) -> Table:
    """Read a csv file.

    Cells are separated by `,` `;` `|` or tabs; see `read_text` for encodings. Quoted line breaks
    are fine, and so are empty cells that are left out at a row's end.

    Parameters
    ----------
    required : the columns that must be there; the first of them tells rows apart
    overflow : the column that surplus cells belong to, as its commas were not quoted; if there are
        but two columns and both are required, it is the second
    optional : the other columns that are read. Further ones are said, and refused where they are
        misspelt ones of these; None: whatever there is may be
    keep_further : further columns are kept, so that they are not said

    Raises
    ------
    DataInvalid : if the file is unreadable, empty, no csv file, or lacks a required column.
    """
    file = read_text(path)
    known = [*required, *(optional or [])]
    written = _lines_of(file.text)
    lines = unwrapped(written, required)
    header = find_header(lines, known)
    check_header(path, header, lines, required, known)
    rows, malformed, long, repeated = [], [], [], []
    marked: list[str] = []
    unnamed: list[str] = []
    if header.names == (*required,) and len(required) == 2:
        overflow = overflow or required[1]
    for record in read_records(
        lines, header.first_row, _row_shape(path.parent, header, required, overflow)
    ):
        where = f"{path.name}:{record.first_line}"
        cells = _fit(record, header.names, required, overflow)
        if isinstance(cells, str):
            cause = _QUOTES if record.fault else _CELLS
            malformed.append(MalformedRow(where, cells, cause))
        elif [*map(str.casefold, cells)] == [*map(str.casefold, header.names)]:
            repeated.append(record.first_line)
        elif any(cells):
            rows.append(
                TableRow(where, dict(zip(header.names, map(_unmarked, cells), strict=True)))
            )
            marked += [cell for cell in cells if _unmarked(cell) != cell]
            unnamed += [where] if _has_unnamed(header.names, cells) else []
            long += [record] if record.line_count > 1 else []
    if not rows and not malformed:
        raise DataInvalid(f"{path} has a header and no rows.")
    further = [name for name in header.names if name and name not in known]
    if optional is None or keep_further:
        further = []
    remarks = [f"{text}." for text in _remarks(file, header, long, further)]
    if lines is not written:
        remarks.append("the quotes around whole lines are left out.")
    if marked:
        example = f"{marked[0]!r}, read as {_unmarked(marked[0])!r}"
        remarks.append(f"cells with a spreadsheet's marks: {len(marked):,}, such as {example}.")
    if unnamed:
        remarks.append(
            "cells in a column without a name, which are not read: "
            f"{len(unnamed):,} rows, such as {unnamed[0]}."
        )
    if repeated:
        remarks.append(f"the header again, in line {repeated[0]:,}: left out.")
    return Table(rows, malformed, [f"{path.name}: {text}" for text in remarks])


def _lines_of(text: str) -> list[str]:
    # With "" lines may end as those of Windows, Unix and old Macs do, in one file too. Each of
    # several files that were put into one may have its byte order mark.
    return [line.lstrip("\ufeff") for line in io.StringIO(text, newline="")]


def _row_shape(
    folder: Path, header: Header, required: Sequence[str], overflow: str | None
) -> RowShape:
    return RowShape(
        delimiter=header.delimiter,
        columns=header.names,
        key=header.names.index(required[0]),
        beside=header.names.index(required[min(1, len(required) - 1)]),
        least_cells=max(map(header.names.index, required)) + 1,
        most_cells=None if overflow else len(header.names),
        is_photo=lambda key: find_photo((folder / "images", folder), key) is not None,
    )


def _fit(
    record: Record, columns: Sequence[str], required: Sequence[str], overflow: str | None
) -> tuple[str, ...] | str:
    """Return one cell per column, or what is wrong."""
    cells, surplus = record.cells, len(record.cells) - len(columns)
    if record.fault or not any(cells):
        return record.fault or ()
    if surplus > 0 and overflow is not None:
        first = columns.index(overflow)
        after = first + surplus + 1
        return (*cells[:first], ", ".join(cells[first:after]), *cells[after:])
    if surplus > 0 and not any(cells[len(columns) :]):
        return cells[: len(columns)]
    # Spreadsheets leave out the empty cells at the end.
    if surplus < 0 and len(cells) > max(map(columns.index, required)):
        return (*cells, *[""] * -surplus)
    if surplus:
        lines = "" if record.line_count == 1 else f", in lines up to {record.last_line:,}"
        return f"{len(cells)} cells where the header names {len(columns)} columns{lines}"
    return cells


def _unmarked(cell: str) -> str:
    """Return `0012` of `="0012"` and `'0012`, which keep spreadsheets from making it 12."""
    marked = _MARKED.fullmatch(cell)
    return cell if marked is None else (marked[1] or marked[2] or "").strip()


def _has_unnamed(columns: Sequence[str], cells: Sequence[str]) -> bool:
    return any(cell and not name for name, cell in zip(columns, cells, strict=True))


def _remarks(
    file: FileText, header: Header, long: Sequence[Record], further: Sequence[str]
) -> Iterator[str]:
    ways = [f"with {header.delimiter_name}"] if header.delimiter != "," else []
    ways += [f"as {file.encoding}"] if file.encoding else []
    if ways:
        yield ", ".join([f"read {' and '.join(ways)}", *file.remarks])
    elif file.remarks:
        yield ", ".join(file.remarks)
    if long:
        longest = max(long, key=lambda record: record.line_count)
        yield (
            f"records that go over several lines: {len(long):,}, the longest from line "
            f"{longest.first_line:,} to {longest.last_line:,}"
        )
    if further:
        yield f"further columns, which are not read: {', '.join(further)}"
