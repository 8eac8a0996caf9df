"""Lists of keys in one cell, such as `412_77`: read and written so that they read back.

Keys are the IDs of labels or the names of groups.
"""

import json
from collections.abc import Callable, Iterable

from hangtag.errors import DataInvalid

_JOINT = "_"
# Joints within one key; without a limit a cell of nothing but joints takes for ever.
_MOST_PIECES = 64


def split_cell(cell: str, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the keys that `_` joins, or that a JSON list holds if all of them are known.

    Where keys contain `_` themselves, the longest wins.
    """
    keys = split_joined(cell, is_known)
    if cell.startswith("[") and not all(map(is_known, keys)):
        listed = _json_list(cell)
        if listed is not None and all(map(is_known, listed)):
            return listed
    return keys


def split_joined(cell: str, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the keys that `_` joins, as `split_cell` does."""
    pieces = cell.split(_JOINT) if cell else []
    keys = []
    while pieces:
        sizes = range(min(len(pieces), _MOST_PIECES), 0, -1)
        size = next((n for n in sizes if is_known(_JOINT.join(pieces[:n]).strip())), 1)
        keys.append(_JOINT.join(pieces[:size]).strip())
        pieces = pieces[size:]
    return tuple(keys)


def _json_list(cell: str) -> tuple[str, ...] | None:
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or not all(type(item) in (str, int) for item in items):
        return None
    return tuple(map(str, items))


def join_cell(keys: Iterable[object], is_known: Callable[[str], bool]) -> str:
    """Return the cell that `split_cell` reads as these keys: joined by `_`, else a JSON list.

    `crop` and `top` joined are `crop_top`, which may be another key.

    Raises
    ------
    DataInvalid : if neither of them reads back to the same keys.
    """
    written = tuple(map(str, keys))
    for cell in (_JOINT.join(written), json.dumps(written, ensure_ascii=False)):
        # Cells are read without the spaces around them.
        if split_cell(cell.strip(), is_known) == written:
            return cell
    raise DataInvalid(
        f"{', '.join(map(repr, written))} cannot be written into one cell so that they read back "
        "the same; give these labels or groups other IDs first."
    )
