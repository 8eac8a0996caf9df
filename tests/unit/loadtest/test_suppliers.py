from pathlib import Path

import pytest

from hangtag.errors import SettingsInvalid
from loadtest.plan import Supplier
from loadtest.suppliers import read_suppliers, suppliers_without_keys

EXAMPLE = Path(__file__).parents[3] / "deploy" / "proxy" / "example" / "suppliers.map"


def test_keys_are_read_as_the_proxy_reads_them(tmp_path: Path) -> None:
    keys = tmp_path / "suppliers.map"
    keys.write_text('# "commented" out;\n"a1-b2" acme;\n  c3\tborealis ;\n"d4" acme; # new\n')
    assert read_suppliers(keys) == (
        Supplier(name="acme", key="a1-b2"),
        Supplier(name="borealis", key="c3"),
        Supplier(name="acme", key="d4"),
    )


def test_a_file_without_keys_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="has no line like"):
        read_suppliers(EXAMPLE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="missing"):
        read_suppliers(tmp_path / "missing")


def test_without_a_proxy_nobody_has_a_key() -> None:
    suppliers = suppliers_without_keys()
    assert len({each.name for each in suppliers}) > 1
    assert {each.key for each in suppliers} == {None}
