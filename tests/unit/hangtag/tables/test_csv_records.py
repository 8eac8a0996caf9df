"""Records of several lines: long texts, and open quotes that take in other products."""

import base64
import hashlib
import re
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from hangtag.tables.csv_table import MalformedRow, TableRow, read_csv

HEADER = "image,labels,title\n"


def read(tmp_path: Path, text: str) -> tuple[list[TableRow], list[MalformedRow]]:
    path = tmp_path / "products.csv"
    path.write_text(text)
    table = read_csv(path, ("image", "labels"), optional=("title",))
    print(*table.remarks, file=sys.stderr)
    return table.rows, table.malformed


def rows_with(titles: dict[int, str], count: int = 120) -> str:
    return "".join(f"{n}.jpg,412,{titles.get(n, 'Tee')}\n" for n in range(count))


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        ({10: '"Big', 60: 'size"'}, "closed before line 62: it would take in the 50 rows"),
        ({10: '"Big'}, "never closed: it would take in the 109 rows after it"),
        ({10: '"Big', 11: 'size"'}, "it would take in the row after it"),
        ({10: '"Big', 60: '"Soft, red"'}, "closed before line 62: .* the 50 rows"),
        ({10: '"Big ""tee""', 60: '5"'}, "the 50 rows"),
    ],
)
def test_an_open_quote_takes_in_no_rows(tmp_path: Path, titles: dict[int, str], said: str) -> None:
    rows, (problem,) = read(tmp_path, HEADER + rows_with(titles))
    assert problem.where == "products.csv:12"
    assert re.search(rf"the quote before 'Big.*' \(column title\) .*{said}", problem.detail)
    assert [row["image"] for row in rows] == [f"{n}.jpg" for n in range(120) if n != 10]


def test_an_open_quote_in_the_first_column(tmp_path: Path) -> None:
    lines = [f"Tee,{n}.jpg,412" for n in range(120)]
    lines[10], lines[60] = '"Big,10.jpg,412', 'size",60.jpg,412'
    rows, (problem,) = read(tmp_path, "title,image,labels\n" + "\n".join(lines))
    assert "the 50 rows after it" in problem.detail
    assert len(rows) == 119


def test_rows_are_known_by_the_names_of_others_where_photos_have_no_extension(
    tmp_path: Path,
) -> None:
    lines = [f"SKU-{n},412,Tee" for n in range(20)]
    lines[3], lines[9] = 'SKU-3,412,"Big', 'SKU-9,412,size"'
    rows, (problem,) = read(tmp_path, HEADER + "\n".join(lines))
    assert "the 6 rows after it" in problem.detail
    assert len(rows) == 19


def test_rows_are_known_by_their_labels_where_photos_are_called_by_words(tmp_path: Path) -> None:
    names = ["dress", "shirt", "skirt", "coat", "scarf", "hat"]
    lines = [f"{name},412_77,Tee" for name in names]
    lines[1], lines[4] = 'shirt,412_77,"Big', 'scarf,77_412,size"'
    rows, (problem,) = read(tmp_path, HEADER + "\n".join(lines))
    assert "the 3 rows after it" in problem.detail
    assert len(rows) == 5


def uuid_name(n: int) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(b"%d" % n).digest()[:16]))


def base64_name(n: int) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(b"%d" % n).digest())[:22].decode()


@pytest.mark.parametrize("label", [lambda n: "412", lambda n: str(n * n), lambda n: f"L{n}"])
@pytest.mark.parametrize("name", [uuid_name, base64_name])
def test_an_open_quote_takes_in_no_rows_of_random_names(
    tmp_path: Path, name: Callable[[int], str], label: Callable[[int], str]
) -> None:
    titles = {9: '"Big', 59: 'size"'}
    lines = [f"{name(n)},{label(n)},{titles.get(n, 'Tee')}" for n in range(120)]
    rows, (problem,) = read(tmp_path, HEADER + "\n".join(lines))
    assert "the 50 rows after it" in problem.detail
    assert [row["image"] for row in rows] == [name(n) for n in range(120) if n != 9]


def test_rows_of_plain_words_are_known_by_labels_that_repeat(tmp_path: Path) -> None:
    lines = ['shirt,T-shirt,"Big', "dress,Dress,x", 'bag,T-shirt,y"', "hat,Hat,z"]
    rows, (problem,) = read(tmp_path, HEADER + "\n".join(lines))
    assert problem.where == "products.csv:2"
    assert [row["image"] for row in rows] == ["dress", "bag", "hat"]


def test_rows_are_known_by_the_photos_that_there_are(tmp_path: Path) -> None:
    words = ["shirt", "dress", "bag", "hat"]
    (tmp_path / "images").mkdir()
    for word in words:
        (tmp_path / "images" / f"{word}.jpg").touch()
    lines = ['shirt,Shirt,"Big', "dress,Dress,x", 'bag,Bag,y"', "hat,Hat,z"]
    rows, problems = read(tmp_path, HEADER + "\n".join(lines))
    assert len(problems) == 1
    assert [row["image"] for row in rows] == words[1:]


def test_a_record_much_longer_than_all_others_is_no_text(tmp_path: Path) -> None:
    words = ["".join(chr(97 + int(c)) for c in str(n**3)) for n in range(100)]
    titles = {9: '"Big', 69: 'size"'}
    lines = [f"{word},{word[::-1]},{titles.get(n, 'Tee')}" for n, word in enumerate(words)]
    rows, problems = read(tmp_path, HEADER + "\n".join(lines))
    assert [each.where for each in problems] == ["products.csv:11"]
    assert len(rows) == 99


@pytest.mark.parametrize(
    "text",
    [
        "Sizes\n38,12,40\n39,412,41",
        "Soft\nred, 412, green",
        "\n".join(["<li>soft, warm</li>"] * 80),
        "Care\nwash, dry, iron\nwool, 412, silk",
    ],
)
@pytest.mark.parametrize("name", [uuid_name, "{}.jpg".format])
def test_one_text_of_several_lines_is_read(
    tmp_path: Path, name: Callable[[int], str], text: str
) -> None:
    lines = [f"{name(n)},412,Tee" for n in range(40)]
    lines[7] = f'{name(7)},412,"{text}"'
    rows, problems = read(tmp_path, HEADER + "\n".join(lines))
    assert problems == []
    assert rows[7]["title"] == text


def test_several_open_quotes(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, HEADER + rows_with({5: '"A', 40: '"B', 80: '"C'}))
    assert [each.where for each in problems] == ["products.csv:7", "products.csv:42",
                                                 "products.csv:82"]  # fmt: skip
    assert len(rows) == 117


@pytest.mark.parametrize(
    ("header", "record"),
    [
        (HEADER, '{n}.jpg,412,"Soft\nred, blue, green\n\nwarm"\n'),
        ("title,image,labels\n", '"Soft\nred, blue, green\n\nwarm",{n}.jpg,412\n'),
        ("image,title,labels\n", '{n}.jpg,"Soft\r\nred, ""blue"", green\r\nwarm",412\n'),
        ("image,title,labels\n", 'SKU-{n},"Size 38\n12, 34, 56\nwarm",412\n'),
    ],
)
def test_texts_of_several_lines_are_read(
    tmp_path: Path, header: str, record: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, problems = read(tmp_path, header + "".join(record.format(n=n) for n in range(30)))
    assert problems == []
    assert len(rows) == 30
    assert rows[0]["title"].endswith("warm")
    assert "records that go over several lines: 30, the longest from line 2 to" in (
        capsys.readouterr().err
    )


def test_a_record_of_several_lines_with_too_many_cells_says_so(tmp_path: Path) -> None:
    text = HEADER + '0.jpg,412,"Soft\nwarm",x\n1.jpg,412,Tee\n'
    rows, (problem,) = read(tmp_path, text)
    assert problem.detail == "4 cells where the header names 3 columns, in lines up to 3"
    assert [row["image"] for row in rows] == ["1.jpg"]


def test_many_open_quotes_take_no_longer_than_others(tmp_path: Path) -> None:
    titles = dict.fromkeys(range(0, 30_000, 2), '"5"" screen')
    started = time.perf_counter()
    rows, problems = read(tmp_path, HEADER + rows_with(titles, 30_000))
    assert time.perf_counter() - started < 10
    assert len(rows) + len(problems) == 30_000
