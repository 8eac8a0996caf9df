from pathlib import Path

import pytest

from loadtest.client.photos import drawn_photo, ordinary_photos, real_photos

VARIABLE = "HANGTAG_FASHION_PRODUCTS"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data with four photos, which the variable names."""
    (tmp_path / "images").mkdir()
    for number in range(4):
        (tmp_path / "images" / f"{number}.jpg").write_bytes(b"%d" % number)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def test_real_photos_are_those_that_the_variable_names(data: Path) -> None:
    assert real_photos() == data / "images"
    assert ordinary_photos(2) == [b"0", b"2"]


def test_too_few_real_photos_are_drawn_ones(data: Path) -> None:
    assert ordinary_photos(5)[4] == drawn_photo(4)


@pytest.mark.parametrize("named", [None, "", "/nowhere"])
def test_without_data_photos_are_drawn(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if named is not None:
        monkeypatch.setenv(VARIABLE, named)
    assert real_photos() is None
    assert ordinary_photos(1) == [drawn_photo(0)]
