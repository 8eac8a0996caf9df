"""The rows of a csv or parquet file, as texts by column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hangtag.errors import CommandUnavailable, DataInvalid

CSV, PARQUET = ".csv", ".parquet"
TABLES = (CSV, PARQUET)
_DELIMITERS = ",;\t|"
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
# As long as texts of training data may be.
_MAX_CELL = 50_000_000
Rows = Sequence[Mapping[str, str]]


def read_table(path: Path) -> Rows:
    """Return the rows of a csv or parquet file; names of columns in lower case.

    Raises
    ------
    DataInvalid : if the file cannot be read.
    CommandUnavailable : if a parquet file is given, and pyarrow is not installed.
    """
    try:
        return _read_parquet(path) if path.suffix.lower() == PARQUET else _read_csv(path)
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror or error}.") from error


def require_pyarrow() -> Any:
    """Return pyarrow.

    Raises
    ------
    CommandUnavailable : if it is not installed.
    """
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise CommandUnavailable(
            "Parquet files need pyarrow: pip install 'hangtag[parquet]', or use csv or jsonl."
        ) from error
    return pyarrow


def _read_csv(path: Path) -> Rows:
    text = _text(path.read_bytes())
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header, *rows = [row for row in reader if row] or [[]]
    except csv.Error as error:
        raise DataInvalid(f"{path}, line {reader.line_num}: {error}.") from error
    names = [_plain(name) for name in header]
    # Cells at a row's end may be left out.
    return [dict(zip(names, [*row, *[""] * len(names)], strict=False)) for row in rows]


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _text(content: bytes) -> str:
    if content.startswith(_BYTE_ORDER_MARKS):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # As Windows' programs save it.
        return content.decode("cp1252", "replace")


def _read_parquet(path: Path) -> Rows:
    pyarrow = require_pyarrow()
    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise DataInvalid(f"{path} is not a parquet file that can be read: {error}.") from error
    names = [_plain(name) for name in table.column_names]
    columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(map(str, value))
    return "" if value is None else str(value)
