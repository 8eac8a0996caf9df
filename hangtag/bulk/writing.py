"""Rows -> jsonl, csv or parquet, by the name of the file."""

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from hangtag.bulk.listing import PRODUCTS
from hangtag.bulk.rows import CANDIDATE_FIELDS, TAG_FIELDS, Row
from hangtag.bulk.spreadsheet import writing_csv
from hangtag.errors import SettingsInvalid
from hangtag.files.whole_file import whole_file
from hangtag.tables.product_table import require_pyarrow

Write = Callable[[Row], None]
_ROWS_AT_ONCE = 1000


def require_writable(path: Path, source: Path) -> None:
    """Check before hours pass that rows can be written to a file; its folder is made.

    source : what is to be tagged, which is not to be written to

    Raises
    ------
    SettingsInvalid : if its name says no format, or nothing can be written there.
    CommandUnavailable : if the format needs what is not installed.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        _require_name(path)
    if path.is_dir():
        raise SettingsInvalid(f"{path} is a folder; name a file in it, such as {path}/tags.csv.")
    if path.suffix.lower() not in _FORMATS:
        raise SettingsInvalid(
            f"{path} says no format: the name of the file ends in {', '.join(_FORMATS)}."
        )
    if path.resolve() in (source.resolve(), (source / PRODUCTS).resolve()):
        raise SettingsInvalid(f"{path} is what is to be tagged; write to another file.")
    if path.suffix.lower() == ".parquet":
        require_pyarrow()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsInvalid(f"{path.parent} is no folder to write to: {error}.") from error
    if not os.access(path.parent, os.W_OK):
        raise SettingsInvalid(f"Nothing can be written to {path.parent}; name another folder.")


def _require_name(path: Path) -> None:
    try:
        Path(f"{path}.part").lstat()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise SettingsInvalid(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def writing_rows(path: Path) -> Iterator[Write]:
    """Yield what writes a row; the file is there once all are written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished, _FORMATS[path.suffix.lower()](unfinished) as write:
        yield write


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    def write(row: Row) -> None:
        document = {**asdict(row), "tagged_at": row.tagged_at.isoformat(timespec="seconds")}
        print(json.dumps(document, ensure_ascii=False), file=file)

    with path.open("w", encoding="utf-8") as file:
        yield write


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
    ".csv": writing_csv,
    ".jsonl": _json_lines,
}


def _record(row: Row) -> dict[str, Any]:
    return {
        **asdict(row),
        "tags": _with_text_ids(row.tags),
        "candidates": _with_text_ids(row.candidates),
        "decisions": list(row.decisions.items()),
    }


def _with_text_ids(labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A column has one type, and a label's ID may be a number or a text."""
    return [{**label, "id": str(label["id"])} for label in labels]


def _schema(pyarrow: Any) -> Any:
    text, texts, number = pyarrow.string(), pyarrow.list_(pyarrow.string()), pyarrow.float64()
    types = {"score": number, "threshold": number, "path": texts}

    def labels(names: tuple[str, ...]) -> Any:
        return pyarrow.list_(pyarrow.struct([(name, types.get(name, text)) for name in names]))

    columns = {
        "images": texts,
        "tags": labels(TAG_FIELDS),
        "decisions": pyarrow.map_(text, text),
        "candidates": labels(CANDIDATE_FIELDS),
        "tagged_at": pyarrow.timestamp("us", tz="UTC"),
    }
    return pyarrow.schema([(field.name, columns.get(field.name, text)) for field in fields(Row)])
