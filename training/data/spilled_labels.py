"""Lists of labels without quotes: `1.jpg,412,77` has a label where its title goes."""

from __future__ import annotations

from collections.abc import Sequence

from hangtag.label_space import LabelSpace
from hangtag.tables.csv_table import TableRow
from training.data.dataset import Problem, with_ancestors

_CAUSE = (
    "the cell after labels is a label: put lists and texts that hold commas into quotes, or join "
    "labels by _"
)
_READ_FURTHER = ("title", "description", "product_id")
_LEAST_ROWS = 2
# One title or product ID of many may happen to be what a label is called.
_LEAST_SHARE = 0.1


def without_spilled(
    rows: Sequence[TableRow], label_space: LabelSpace
) -> tuple[list[TableRow], list[Problem]]:
    """Return the rows without those that have a label in a column right of `labels`, as problems.

    Not if that is the row's own label once more, or happens in a few rows only.
    """
    columns = list(rows[0].cells) if rows else []
    following = columns[columns.index("labels") + 1 :] if columns else []
    labels = _Labels(label_space)
    spilled: dict[str, str] = {}
    for at, column in enumerate(following):
        if column == "description" or (at == 0 and column in _READ_FURTHER):
            spilled |= _spilled(rows, column, labels)
    problems = [
        Problem("malformed_row", where, detail, _CAUSE) for where, detail in spilled.items()
    ]
    return [row for row in rows if row.where not in spilled], problems


def _spilled(rows: Sequence[TableRow], column: str, labels: _Labels) -> dict[str, str]:
    found = [row for row in rows if labels.is_another(row, column)]
    filled = sum(bool(row[column]) for row in rows)
    if len(found) < max(_LEAST_ROWS, _LEAST_SHARE * filled):
        return {}
    return {row.where: f"the {column} {row[column]!r} is a label" for row in found}


class _Labels:
    def __init__(self, label_space: LabelSpace) -> None:
        self._label_space = label_space
        self._ids = {str(label.id) for label in label_space.labels}
        self._by_name: dict[str, set[str]] = {}
        for label in label_space.labels:
            self._by_name.setdefault(label.name.casefold(), set()).add(str(label.id))
        numbers = [int(each) for each in self._ids if each.isascii() and each.isdecimal()]
        # Products are counted from 1 as well.
        self._are_counted = 2 * len(numbers) > max(numbers, default=0)

    def is_another(self, row: TableRow, column: str) -> bool:
        """Whether a cell is a label, written as the row's own are, and none of them."""
        own = row["labels"]
        by_name = column == "description" or own not in self._ids
        found = self._meant(row[column], by_name)
        if not found or (column == "product_id" and self._are_counted):
            return False
        given = self._meant(own, by_name=True) or ({*own.split("_")} & self._ids)
        return bool(given) and not found & {*map(str, with_ancestors(given, self._label_space))}

    def _meant(self, text: str, by_name: bool) -> set[str]:
        if text in self._ids:
            return {text}
        return self._by_name.get(text.casefold(), set()) if by_name else set()
