"""Lines of a csv file -> its records; one that takes in other rows is not trusted.

A quote that is never closed takes in all that follows, up to the next quote: what looks like one
long text is other products.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from training.data.csv_header import PHOTO_NAME

# Python's own limit is 131,072: less than a long description in HTML.
_MAX_CELL_CHARACTERS = 50_000_000
_SHOWN_CHARACTERS = 30


@dataclass(frozen=True)
class Record:
    """The cells of one record, or what is wrong with it; its lines are counted from 1."""

    first_line: int
    last_line: int
    cells: tuple[str, ...]
    fault: str = ""

    @property
    def line_count(self) -> int:
        """How many lines of the file it takes."""
        return self.last_line - self.first_line + 1


@dataclass(frozen=True)
class RowShape:
    """What a row of the file looks like: how many cells it may have, and which of them is `key`.

    `columns` are the header's; a row may end before the last of them, and after the last one that
    it needs.
    """

    delimiter: str
    columns: tuple[str, ...]
    key: int
    least_cells: int
    most_cells: int | None


def read_records(lines: Sequence[str], first: int, shape: RowShape) -> Iterator[Record]:
    """Yield the records from the line of index `first` on.

    A record with an open quote is a fault, and the rows that it would take in are records again.
    """
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    records = list(_scan(lines, first, shape.delimiter))
    if all(record.line_count == 1 for record in records):
        return iter(records)
    return _trusted(lines, first, shape, _row_test(shape, records))


def _trusted(
    lines: Sequence[str], first: int, shape: RowShape, is_row: Callable[[str], bool]
) -> Iterator[Record]:
    start: int | None = first
    while start is not None:
        scanned, start = _scan(lines, start, shape.delimiter), None
        for record in scanned:
            taken_in = _rows_taken_in(record, lines, is_row) if record.line_count > 1 else 0
            if taken_in:
                yield _open_quote(record, lines, shape, taken_in)
                start = record.first_line
                break
            yield record


def _scan(lines: Sequence[str], first: int, delimiter: str) -> Iterator[Record]:
    # Not islice, which walks over all that is before.
    reader = csv.reader(
        (lines[index] for index in range(first, len(lines))), delimiter=delimiter, strict=True
    )
    while True:
        line = first + reader.line_num + 1
        cells, fault = [], ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = f"the quotes of this record do not pair up ({error})"
        yield Record(line, first + reader.line_num, tuple(cell.strip() for cell in cells), fault)


def _row_test(shape: RowShape, records: Iterable[Record]) -> Callable[[str], bool]:
    """Return the test whether a line could be a row: its key is like those of other rows."""
    keys = (
        _pattern(record.cells[shape.key])
        for record in records
        if record.line_count == 1 and len(record.cells) > shape.key
    )
    # A word alone may stand in any sentence.
    return partial(_is_row, shape=shape, keys=frozenset(key for key in keys if key.strip("a ")))


def _is_row(line: str, shape: RowShape, keys: frozenset[str]) -> bool:
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        cells = next(csv.reader([line], delimiter=shape.delimiter, quoting=quoting), [])
        most = shape.most_cells or len(cells)
        if shape.least_cells <= len(cells) <= most:
            key = cells[shape.key].strip(" \"'\r\n")
            if PHOTO_NAME.search(key) or _pattern(key) in keys:
                return True
    return False


def _pattern(key: str) -> str:
    """Return `a-9.a` of `sku-12.jpg`."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", key))


def _rows_taken_in(record: Record, lines: Sequence[str], is_row: Callable[[str], bool]) -> int:
    """Return how many rows are in a record besides its own.

    Of a sound record at most one line looks like a row: the one with all cells but the long one.
    """
    own, *others = (is_row(lines[n]) for n in range(record.first_line - 1, record.last_line))
    least = 1 if own or record.fault else 2
    return sum(others) if sum(others) >= least else 0


def _open_quote(record: Record, lines: Sequence[str], shape: RowShape, taken_in: int) -> Record:
    cells = next(csv.reader([lines[record.first_line - 1]], delimiter=shape.delimiter))
    column = shape.columns[min(len(cells), len(shape.columns)) - 1]
    text = cells[-1].strip()
    text = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    closed = (
        "is never closed"
        if "end of data" in record.fault
        else f"is not closed before line {record.last_line:,}"
    )
    rows = (
        "the row after it, which is read as a row of its own"
        if taken_in == 1
        else f"the {taken_in:,} rows after it, which are read as rows of their own"
    )
    fault = f"the quote before {text!r} (column {column}) {closed}: it would take in {rows}"
    return Record(record.first_line, record.first_line, (), fault)
