"""Image cells that are not quite what the files are called."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from hangtag.tables.photo_finder import PhotoFinder

Make = Callable[..., PhotoFinder]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a finder of the cells, in a folder whose images/ holds the files."""

    def build(files: list[str], cells: list[str]) -> PhotoFinder:
        for name in files:
            path = tmp_path / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return PhotoFinder((tmp_path / "images", tmp_path), cells)

    return build


@pytest.mark.parametrize("cell", ["0.jpg", "0", "images/0.jpg", "./0.jpg", "../images/0.jpg"])
def test_cells_as_the_files_are_called(make: Make, tmp_path: Path, cell: str) -> None:
    finder = make(["0.jpg"], [cell])
    path = finder.find(cell)
    assert path is not None
    assert path.samefile(tmp_path / "images" / "0.jpg")
    assert list(finder.remarks()) == []


@pytest.mark.parametrize(
    ("file", "cell", "way"),
    [
        ("0.jpg", "images\\0.jpg", "have backslashes"),
        ("0.jpg", "C:\\Users\\me\\export\\0.jpg", "have backslashes"),
        ("0.jpg", "..\\images\\0.jpg", "have backslashes"),
        ("dresses/0.jpg", "Dresses\\0.JPG", "have backslashes"),
        ("0.jpg", "/images/0.jpg", "not spelt"),
        ("0.jpg", "/var/www/media/0.jpg", "not spelt"),
        ("0.jpg", "0.JPG", "not spelt"),
        ("0.JPG", "IMAGES/0.jpg", "not spelt"),
        ("0.Jpg", "0", "not spelt"),
        ("0.jpeg", "0.jpg", "not spelt"),
        ("0.jpg", " 0.jpg ", "not spelt"),
        ("0.tif", "0", "not spelt"),
        ("0.jpg", "0.jpg?width=800", "not spelt"),
        ("0.jpg", "//cdn.example.com/a/0.jpg?width=800", "not spelt"),
        ("0007.jpg", "7", "not spelt"),
        ("7.jpg", "7.0", "not spelt"),
        ("7.jpg", "0007.jpg", "not spelt"),
        ("Grün 1.jpg", unicodedata.normalize("NFD", "Grün 1.jpg"), "not spelt"),
        (unicodedata.normalize("NFD", "Grün 1.jpg"), "Grün 1.jpg", "not spelt"),
        ("Grün 1.jpg", "Gr%C3%BCn%201.jpg", "not spelt"),
        ("0.jpg", "https://cdn.example.com/a/b/0.jpg?width=800#x", "are URLs"),
        ("Grün 1.jpg", "s3://bucket/Gr%C3%BCn%201.jpg", "are URLs"),
    ],
)
def test_cells_as_suppliers_write_them(
    make: Make, tmp_path: Path, file: str, cell: str, way: str
) -> None:
    finder = make([file, "other.jpg"], [cell])
    assert finder.find(cell) == tmp_path / "images" / file
    (said,) = finder.remarks()
    assert way in said
    assert ": 1, such as" in said


def test_a_path_is_found_before_its_last_part(make: Make, tmp_path: Path) -> None:
    finder = make(["a/1.jpg", "b/1.jpg"], ["A/1.jpg", "B\\1"])
    assert finder.find("A/1.jpg") == tmp_path / "images" / "a" / "1.jpg"
    assert finder.find("B\\1") == tmp_path / "images" / "b" / "1.jpg"


@pytest.mark.parametrize(
    ("files", "cells", "why"),
    [
        (["1.jpg"], ["https://x/a/1.jpg", "https://x/b/1.jpg"], "are URLs: download the photos"),
        (["1.jpg"], ["a\\1.jpg", "b\\1.jpg"], "no file is called so; there are 1, such as '1.jpg'"),
        (["a/1.jpg", "b/1.jpg"], ["/1.jpg"], "could mean several files"),
        (["A.jpg", "a.jpg"], ["a.JPG"], "could mean several files"),
        (["007.jpg", "0007.jpg"], ["7"], "could mean several files"),
        (["1.jpg"], ["4.00123E+12"], "a spreadsheet has rounded"),
        (["1.jpg"], ["#####"], "a spreadsheet has rounded or hidden"),
        (["1.jpg"], ["4,00123E+12.jpg"], "a spreadsheet has rounded"),
        (["1.jpg", "2.jpg"], ["1.jpg, 2.jpg"], "name several photos"),
        (["1.jpg", "2.jpg"], ["1.jpg 2.jpg"], "name several photos"),
        (["1.jpg", "2.jpg"], ["1;2"], "name several photos"),
        (["1.jpg"], ['["1.jpg"]'], "name several photos"),
        (["SKU-1/a.jpg", "SKU-1/b.jpg"], ["SKU-1"], "name a folder"),
        (["1.jpg"], ["data:image/jpeg;base64,AAAA"], "hold photos themselves"),
        (["readme.txt"], ["readme", "1.jpg"], "holds no photos: put them there"),
        ([], ["1.jpg"], "does not exist: put them there"),
    ],
)
def test_cells_that_mean_no_one_file(
    make: Make, files: list[str], cells: list[str], why: str
) -> None:
    finder = make(files, cells)
    assert [finder.find(cell) for cell in cells] == [None] * len(cells)
    assert why in finder.why_missing(cells[0])


def test_what_lies_outside_is_not_looked_for(make: Make, tmp_path: Path) -> None:
    (tmp_path.parent / "Outside.jpg").touch()
    finder = make(["0.jpg"], ["..\\Outside.jpg"])
    assert finder.find("..\\Outside.jpg") is None
    assert finder.find("../outside.JPG") is None


def test_the_photo_of_another_folder_is_another_product(make: Make) -> None:
    finder = make(["SKU-3/front.jpg"], ["SKU-1/front.jpg", "https://x/SKU-2/front.jpg"])
    assert finder.find("SKU-1/front.jpg") is None
    assert finder.find("https://x/SKU-2/front.jpg") is None
    assert finder.find("SKU-1\\front") is None
    assert "such as 'SKU-3/front.jpg'" in finder.why_missing("SKU-1/front.jpg")


@pytest.mark.parametrize("cell", ["/export/sku-3/front.jpg", "front.JPG", "https://x/SKU-3/front"])
def test_the_remark_shows_the_folder_of_a_photo(make: Make, tmp_path: Path, cell: str) -> None:
    finder = make(["SKU-3/front.jpg"], [cell])
    assert finder.find(cell) == tmp_path / "images" / "SKU-3" / "front.jpg"
    assert " for SKU-3/front.jpg," in next(finder.remarks())


@pytest.mark.parametrize(
    ("files", "approximate", "exact"),
    [
        (["001.jpg"], "1", "001.jpg"),
        (["001.jpg"], "1", "001"),
        (["img.jpg"], "IMG.JPG", "img.jpg"),
        (["img.jpg"], "https://x/img.jpg", "../images/img.jpg"),
        (["a/img.jpg"], "A/IMG.jpg", "a/img.jpg"),
    ],
)
def test_a_file_belongs_to_the_cell_that_names_it_exactly(
    make: Make, files: list[str], approximate: str, exact: str
) -> None:
    finder = make(files, [approximate, exact])
    assert finder.find(approximate) is None
    assert finder.find(exact) is not None
    if "://" not in approximate:
        assert "close to files that other rows name" in finder.why_missing(approximate)
