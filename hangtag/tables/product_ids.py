"""Product IDs that name no product: what programs write for nothing, and what they have rounded."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hangtag.tables.csv_table import TableRow
from hangtag.tables.spoilt_cells import SPOILT, is_spoilt

_NOTHING = frozenset(
    ("nan", "null", "(null)", "<null>", "none", "nil", "n/a", "n.a.", "na", "<na>", "nat", "\\n",
     "-", "--", "\u2013", "\u2014", "?", ".", "undefined", "unknown", "n/v", "k.a.", "tbd")
)  # fmt: skip


def with_product_ids(rows: Sequence[TableRow]) -> tuple[list[TableRow], list[str]]:
    """Return the rows, those that say `NULL` or the like with an empty product_id.

    Else they would be photos of one product. `0` is such a word unless products are counted, and
    there is one of `1`. The other result are remarks on what was found, rounded IDs too.
    """
    ids = {row["product_id"] for row in rows}
    nothing = {each for each in ids if each.casefold() in _NOTHING}
    if not {"1", "01", "1.0"} & ids:
        nothing |= {each for each in ids if re.fullmatch(r"0+(\.0+)?", each)}
    remarks = [
        *_remarks(rows, nothing, "say that there is none, and count as empty"),
        *_remarks(rows, set(filter(is_spoilt, ids)), f"are numbers that a spreadsheet {SPOILT}"),
    ]
    return [_without_id(row) if row["product_id"] in nothing else row for row in rows], remarks


def _without_id(row: TableRow) -> TableRow:
    return replace(row, cells={**row.cells, "product_id": ""})


def _remarks(rows: Sequence[TableRow], ids: set[str], what: str) -> Iterator[str]:
    found = [row["product_id"] for row in rows if row["product_id"] in ids]
    if found:
        yield f"product IDs such as {found[0]!r} {what} ({len(found):,} rows)."
