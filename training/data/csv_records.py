"""Lines of a csv file -> its records; one that takes in other rows is not trusted.

A quote that is never closed takes in all that follows, up to the next quote: what looks like one
long text is other products.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from training.data.photo_names import PHOTO_SUFFIX

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
    """What a row of the file looks like: how many cells it may have, and which of them tell it.

    `columns` are the header's; a row may end before the last of them, and after the last one that
    it needs. `key` is the index of the cell that names the row, `beside` that of another one. With
    `spaced`, a space may stand between the delimiter and a quote.
    """

    delimiter: str
    columns: tuple[str, ...]
    key: int
    beside: int
    least_cells: int
    most_cells: int | None
    spaced: bool = False


def read_records(lines: Sequence[str], first: int, shape: RowShape) -> Iterator[Record]:
    """Yield the records from the line of index `first` on.

    A record with an open quote is a fault, and the rows that it would take in are records again.
    """
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    records = list(_scan(lines, first, shape))
    if _unfit(records, shape) and any(f'{shape.delimiter} "' in line for line in lines):
        spaced = replace(shape, spaced=True)
        others = list(_scan(lines, first, spaced))
        if _unfit(others, spaced) < _unfit(records, shape):
            records, shape = others, spaced
    if all(record.line_count == 1 for record in records):
        return iter(records)
    return _trusted(lines, first, shape, _row_test(shape, records))


def _unfit(records: Iterable[Record], shape: RowShape) -> int:
    most = shape.most_cells or sys.maxsize
    return sum(bool(each.fault) or len(each.cells) > most for each in records)


def _trusted(
    lines: Sequence[str], first: int, shape: RowShape, is_row: Callable[[str], bool]
) -> Iterator[Record]:
    start: int | None = first
    while start is not None:
        scanned, start = _scan(lines, start, shape), None
        for record in scanned:
            taken_in = _rows_taken_in(record, lines, is_row) if record.line_count > 1 else 0
            if taken_in:
                yield _open_quote(record, lines, shape, taken_in)
                start = record.first_line
                break
            yield record


def _scan(lines: Sequence[str], first: int, shape: RowShape) -> Iterator[Record]:
    # Not islice, which walks over all that is before.
    reader = csv.reader(
        (lines[index] for index in range(first, len(lines))),
        delimiter=shape.delimiter,
        skipinitialspace=shape.spaced,
        strict=True,
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
    """Return the test whether a line could be a row: its key is like those of other rows.

    A word alone may stand in any sentence: where keys are words, the cell beside must be alike.
    """
    pairs = frozenset(
        (_pattern(record.cells[shape.key]), _pattern(record.cells[shape.beside]))
        for record in records
        if record.line_count == 1 and len(record.cells) >= shape.least_cells
    )
    keys = frozenset(key for key, _ in pairs if key.strip("a "))
    return partial(_is_row, shape=shape, keys=keys, pairs=pairs)


def _is_row(
    line: str, shape: RowShape, keys: frozenset[str], pairs: frozenset[tuple[str, str]]
) -> bool:
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        cells = _cells_of(line, shape, quoting)
        most = shape.most_cells or len(cells)
        if shape.least_cells <= len(cells) <= most:
            key = cells[shape.key].strip(" \"'\r\n")
            pair = (_pattern(key), _pattern(cells[shape.beside].strip(" \"'\r\n")))
            if (
                PHOTO_SUFFIX.search(key)
                or pair[0] in keys
                or (pair in pairs and pair[1].strip("a "))
            ):
                return True
    return False


def _cells_of(line: str, shape: RowShape, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL) -> list[str]:
    """Return the cells of a line alone, whatever its quotes."""
    reader = csv.reader(
        [line], delimiter=shape.delimiter, quoting=quoting, skipinitialspace=shape.spaced
    )
    return next(reader, [])


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
    cells = _cells_of(lines[record.first_line - 1], shape)
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
