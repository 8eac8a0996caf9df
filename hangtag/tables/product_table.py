"""A csv or parquet file of products -> its rows."""

from pathlib import Path
from typing import Any

from hangtag.errors import CommandUnavailable, DataInvalid
from hangtag.near_names import name_hint
from hangtag.tables.csv_header import plain_name
from hangtag.tables.csv_table import Table, TableRow, read_csv

CSV, PARQUET = ".csv", ".parquet"
TABLES = (CSV, PARQUET)
# What separates the photos of a cell.
SEPARATOR = ";"
_REQUIRED = "image"
_OPTIONAL = ("product_id", "title", "description")
# What a dataset has beside them.
_NOT_READ = ("labels", "split", "supplier", "unknown_groups")


def read_product_table(path: Path) -> Table:
    """Read the columns image, product_id, title and description; only the first must be there.

    Raises
    ------
    DataInvalid : if the file cannot be read, has no rows or lacks that column.
    CommandUnavailable : if a parquet file is given, and pyarrow is not installed.
    """
    if path.suffix.lower() == PARQUET:
        return _read_parquet(path)
    return read_csv(path, (_REQUIRED,), optional=(*_OPTIONAL, *_NOT_READ))


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


def _read_parquet(path: Path) -> Table:
    pyarrow = require_pyarrow()
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = _columns(path, file.schema_arrow.names)
            _require_names(path, pyarrow.types, file.schema_arrow.field(names[_REQUIRED]).type)
            columns = file.read([*names.values()]).to_pydict()
    except (OSError, pyarrow.ArrowException) as error:
        raise DataInvalid(f"{path} is not a parquet file that can be read: {error}.") from error
    cells = [[_cell(value) for value in columns[name]] for name in names.values()]
    rows = [
        TableRow(f"{path.name}:{number}", dict(zip(names, row, strict=True)))
        for number, row in enumerate(zip(*cells, strict=True), start=1)
    ]
    if not rows:
        raise DataInvalid(f"{path} has no rows.")
    return Table(rows, [], [])


def _columns(path: Path, written: list[str]) -> dict[str, str]:
    """Return how the file writes each column that is read."""
    plain = {plain_name(name): name for name in written}
    if _REQUIRED not in plain:
        raise DataInvalid(f"{path} lacks the column {_REQUIRED}; {name_hint(_REQUIRED, plain)}.")
    return {name: plain[name] for name in (_REQUIRED, *_OPTIONAL) if name in plain}


def _require_names(path: Path, types: Any, held: Any) -> None:
    """Refuse photos where their names belong, before they fill the memory."""
    held = held.value_type if types.is_list(held) or types.is_large_list(held) else held
    if types.is_binary(held) or types.is_large_binary(held) or types.is_struct(held):
        raise DataInvalid(
            f"{path} holds photos themselves in its column {_REQUIRED}: write them to files beside "
            "it, and their names into the column."
        )


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return SEPARATOR.join(map(_cell, value))
    return "" if value is None else str(value)
