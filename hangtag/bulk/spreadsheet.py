"""Rows -> a csv file that people open in a spreadsheet: a group's tags in columns of their own."""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from hangtag.bulk.rows import Row
from hangtag.errors import DataInvalid

# Spreadsheets run what begins so, but for numbers:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d+([.,]\d+)?$)")
_JOINED_BY = ";"
_BEFORE = ("product_id", "images", "status", "error_code", "error")
_AFTER = ("bundle_digest", "label_space", "tagged_at")


@contextmanager
def writing_csv(path: Path) -> Iterator[Callable[[Row], None]]:
    """Yield what writes a row.

    The columns of a group are `GROUP.name`, `GROUP.id`, `GROUP.score` and `GROUP.decision`; several
    tags of one group are joined by `;`. With a byte order mark, without which Excel garbles
    umlauts.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = _Sheet(file)
        yield sheet.write
        sheet.write_waiting()


class _Sheet:
    """Keeps rows back until one names the groups, which the header needs."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._waiting: list[Row] = []
        self._writer: csv.DictWriter[str] | None = None
        self._groups: dict[str, str] = {}

    def write(self, row: Row) -> None:
        if self._writer is not None:
            if unknown := row.decisions.keys() - self._groups:
                raise DataInvalid(
                    f"The tagger was replaced by one that has {', '.join(sorted(unknown))}, for "
                    "which the table has no columns: tag again, or into a jsonl."
                )
            self._writer.writerow(_cells(row))
            return
        self._waiting.append(row)
        if row.decisions:
            self.write_waiting()

    def write_waiting(self) -> None:
        if self._writer is not None:
            return
        self._groups = groups = dict(self._waiting[-1].decisions if self._waiting else {})
        columns = [
            f"{group}.{part}" for group in groups for part in ("name", "id", "score", "decision")
        ]
        self._writer = csv.DictWriter(self._file, (*_BEFORE, *columns, *_AFTER))
        self._writer.writeheader()
        self._writer.writerows(map(_cells, self._waiting))
        self._waiting.clear()


def _cells(row: Row) -> dict[str, str]:
    cells = {
        **{name: getattr(row, name) or "" for name in (*_BEFORE, *_AFTER)},
        "images": _JOINED_BY.join(row.images),
        "tagged_at": row.tagged_at.isoformat(timespec="seconds"),
    }
    for group, decision in row.decisions.items():
        tags = [tag for tag in row.tags if tag["group"] == group]
        cells[f"{group}.decision"] = decision
        for part in ("name", "id", "score"):
            cells[f"{group}.{part}"] = _JOINED_BY.join(str(tag[part]) for tag in tags)
    return {name: _harmless(cell) for name, cell in cells.items()}


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
