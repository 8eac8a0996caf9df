"""Lines of a csv file -> its records; one that takes in other rows is not trusted.

A quote that is never closed takes in all that follows, up to the next quote: what looks like one
long text is other products.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hangtag.tables.row_likeness import RowLikeness, RowShape

# Python's own limit is 131,072: less than a long description in HTML.
_MAX_CELL_CHARACTERS = 50_000_000
_SHOWN_CHARACTERS = 30
# Where all other records have one line, a longer one is rather an open quote than a text.
_MANY_LINES = 50


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
    beginnings = [lines[record.first_line - 1] for record in records]
    likeness = RowLikeness(shape, beginnings)
    alone = all(each.line_count == 1 or each.line_count > _MANY_LINES for each in records)
    return _trusted(lines, first, shape, likeness.is_row, alone)


def _unfit(records: Iterable[Record], shape: RowShape) -> int:
    most = shape.most_cells or sys.maxsize
    return sum(bool(each.fault) or len(each.cells) > most for each in records)


def _trusted(
    lines: Sequence[str], first: int, shape: RowShape, is_row: Callable[[str], bool], alone: bool
) -> Iterator[Record]:
    start: int | None = first
    while start is not None:
        scanned, start = _scan(lines, start, shape), None
        for record in scanned:
            taken_in = _rows_taken_in(record, lines, is_row) if record.line_count > 1 else 0
            if not taken_in and alone and record.line_count > _MANY_LINES:
                taken_in = _lines_like_rows(record, lines, shape)
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


def _rows_taken_in(record: Record, lines: Sequence[str], is_row: Callable[[str], bool]) -> int:
    """Return how many rows are in a record besides its own.

    Of a sound record at most one line looks like a row: the one with all cells but the long one.
    """
    own, *others = (is_row(lines[n]) for n in range(record.first_line - 1, record.last_line))
    least = 1 if own or record.fault else 2
    return sum(others) if sum(others) >= least else 0


def _lines_like_rows(record: Record, lines: Sequence[str], shape: RowShape) -> int:
    """Return how many lines of a long record have all cells of a row; 0 if not most of them do.

    That is for a record which is much longer than all others are.
    """
    inner = [line for line in lines[record.first_line : record.last_line] if line.strip()]
    fitting = sum(len(shape.cells_of(line)) >= len(shape.columns) for line in inner)
    return fitting if 2 * fitting > len(inner) else 0


def _open_quote(record: Record, lines: Sequence[str], shape: RowShape, taken_in: int) -> Record:
    cells = shape.cells_of(lines[record.first_line - 1])
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
