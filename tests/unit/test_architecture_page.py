"""docs/architecture.md and its picture show the rooms in the order that imports keep to."""

from __future__ import annotations

import re

import pytest

from tests.documents import PROJECT, section, table_rows
from tests.unit.test_architecture import ALLOWED, CORE, TRAINING

PAGE = PROJECT / "docs" / "architecture.md"
PICTURE = (PROJECT / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
LEAST_ROWS = 25


@pytest.mark.parametrize(
    ("title", "rooms"), [("The rooms of the core", CORE), ("The rooms of the workshop", TRAINING)]
)
def test_the_rooms_stand_in_their_order(title: str, rooms: tuple[str, ...]) -> None:
    assert [room for room, _ in table_rows(section(PAGE, title))] == [f"`{room}`" for room in rooms]


def test_the_packages_may_import_what_the_page_says() -> None:
    rows = table_rows(section(PAGE, "The packages"))
    said = {package.strip("`/"): set(re.findall(r"`(\w+)`", below)) for package, _, below in rows}
    assert said == ALLOWED


def pictured(column: str) -> list[str]:
    """The names in a column of the picture, from below."""
    text = re.search(rf'<text class="room" id="{column}".*?</text>', PICTURE, re.DOTALL)
    assert text is not None
    return re.findall(r"<tspan[^>]*>([^<]+)</tspan>", text[0])[::-1]


def test_the_picture_has_the_rooms_in_their_order() -> None:
    assert pictured("training") == list(TRAINING)
    assert pictured("core-lower") + pictured("core-upper") == list(CORE)


def test_the_picture_has_every_package() -> None:
    assert set(re.findall(r'<text class="name"[^>]*>(\w+)<', PICTURE)) == set(ALLOWED)


def test_where_to_change_what_names_a_place_in_every_row() -> None:
    rows = table_rows(section(PAGE, "Where to change what"))
    assert len(rows) >= LEAST_ROWS
    # That the paths exist is a test of all pages (test_documents.py).
    assert [change for change, *places in rows if "`" not in "".join(places)] == []
