"""Rows -> jsonl, csv or parquet, by the name of the file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from hangtag.bulk.rows import TAG_FIELDS, Row
from hangtag.bulk.tables import require_pyarrow
from hangtag.errors import SettingsInvalid
from hangtag.files.whole_file import whole_file

Write = Callable[[Row], None]
# Spreadsheets run what begins so: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ROWS_AT_ONCE = 1000


def require_writable(path: Path) -> None:
    """Check before hours pass that rows can be written to a file of this name.

    Raises
    ------
    SettingsInvalid : if its name says no format.
    CommandUnavailable : if the format needs what is not installed.
    """
    if path.suffix.lower() not in _FORMATS:
        raise SettingsInvalid(
            f"{path} says no format: the name of the file ends in {', '.join(_FORMATS)}."
        )
    if path.suffix.lower() == ".parquet":
        require_pyarrow()


@contextmanager
def writing_rows(path: Path) -> Iterator[Write]:
    """Yield what writes a row; the file is there once all are written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished, _FORMATS[path.suffix.lower()](unfinished) as write:
        yield write


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8") as file:
        yield lambda row: print(json.dumps(_document(row), ensure_ascii=False), file=file)


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        yield lambda row: writer.writerow(_cells(_document(row)))


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    pyarrow = require_pyarrow()
    schema = _schema(pyarrow)
    rows: list[Mapping[str, Any]] = []
    with pyarrow.parquet.ParquetWriter(path, schema) as file:

        def write_all() -> None:
            file.write_table(pyarrow.Table.from_pylist(rows, schema))
            rows.clear()

        def write(row: Row) -> None:
            rows.append(_record(row))
            if len(rows) == _ROWS_AT_ONCE:
                write_all()

        yield write
        write_all()


_FORMATS: Mapping[str, Callable[[Path], AbstractContextManager[Write]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _json_lines,
}


def _document(row: Row) -> dict[str, Any]:
    return {**asdict(row), "tagged_at": row.tagged_at.isoformat(timespec="seconds")}


def _cells(document: Mapping[str, Any]) -> dict[str, str]:
    """Return a row's cells: lists and objects as JSON, photos joined by `;` as they are read."""
    texts = {**document, "images": ";".join(document["images"])}
    return {name: _cell(value) for name, value in texts.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _record(row: Row) -> dict[str, Any]:
    tags = [{**tag, "id": str(tag["id"])} for tag in row.tags]
    return {**asdict(row), "tags": tags, "decisions": list(row.decisions.items())}


def _schema(pyarrow: Any) -> Any:
    text, texts = pyarrow.string(), pyarrow.list_(pyarrow.string())
    types = {"score": pyarrow.float32(), "path": texts}
    tag = pyarrow.struct([(name, types.get(name, text)) for name in TAG_FIELDS])
    columns = {
        "images": texts,
        "tags": pyarrow.list_(tag),
        "decisions": pyarrow.map_(text, text),
        "tagged_at": pyarrow.timestamp("us", tz="UTC"),
    }
    return pyarrow.schema([(field.name, columns.get(field.name, text)) for field in fields(Row)])
