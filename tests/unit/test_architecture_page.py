"""docs/architecture.md and its picture show the rooms in the order that imports keep to."""

import re
from pathlib import Path

import pytest

from tests.documents import PROJECT, section, table_rows
from tests.unit.test_architecture import ALLOWED, CORE, SERVICE, TRAINING

PAGE = PROJECT / "docs" / "architecture.md"
PICTURE = (PROJECT / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
LEAST_ROWS = 80


@pytest.mark.parametrize(
    ("title", "rooms"),
    [
        ("The rooms of the core", CORE),
        ("The rooms of the edge", SERVICE),
        ("The rooms of the workshop", TRAINING),
    ],
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


# What is changed, and all that its row names between backticks.
PLACES = [
    (change, re.findall(r"`([^`]+)`", " ".join((change, *places))))
    for change, *places in table_rows(section(PAGE, "Where to change what"))
]
# Of commands, which test_documents.py looks at.
CALL = re.compile(r"(make|hangtag) \w")


def files_of(path: str) -> list[Path]:
    """What a path in a row means: a file, or a folder with all in it."""
    there = PROJECT / path
    return [there, *(there.rglob("*") if path.endswith("/") else ())]


def is_path(named: str) -> bool:
    return "/" in named or (PROJECT / named).is_file()


def test_there_is_a_row_for_most_of_what_is_changed() -> None:
    assert len({change for change, _ in PLACES}) == len(PLACES) >= LEAST_ROWS


@pytest.mark.parametrize(("change", "named"), PLACES)
def test_where_to_change_what_names_what_is_there(change: str, named: list[str]) -> None:
    paths = [each for each in named if is_path(each)]
    assert paths, change
    files = [path for each in paths for path in files_of(each)]
    assert [path for path in files if not path.exists()] == []
    texts = [path.read_bytes().decode("utf-8", "ignore") for path in files if path.is_file()]
    for symbol in (each for each in named if not is_path(each) and not CALL.match(each)):
        as_word = re.compile(rf"(?<!\w){re.escape(symbol)}(?!\w)")
        assert any(map(as_word.search, texts)), symbol
