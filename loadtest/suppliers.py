"""The callers of a load test: named ones, or those whose keys the proxy knows."""

import re
from pathlib import Path

from hangtag.errors import SettingsInvalid
from loadtest.plan import Supplier

_UNNAMED = ("supplier-1", "supplier-2", "supplier-3", "supplier-4")
# As in deploy/proxy/example/suppliers.map: "KEY" SUPPLIER;
_LINE = re.compile(r'^\s*"?(?P<key>[^"\s#;]+)"?\s+(?P<name>[^\s;]+)\s*;', re.MULTILINE)


def suppliers_without_keys() -> tuple[Supplier, ...]:
    """Return the callers of a server that asks nobody for a key."""
    return tuple(Supplier(name=name) for name in _UNNAMED)


def read_suppliers(keys: Path) -> tuple[Supplier, ...]:
    """Return the suppliers of the proxy's suppliers.map.

    Raises
    ------
    SettingsInvalid : if the file is missing or has no key.
    """
    try:
        text = keys.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsInvalid(f"There is no file {keys}; keys=… names suppliers.map.") from error
    suppliers = tuple(
        Supplier(name=match["name"], key=match["key"]) for match in _LINE.finditer(text)
    )
    if not suppliers:
        raise SettingsInvalid(f'{keys} has no line like `"KEY" SUPPLIER;`; add a key.')
    return suppliers
