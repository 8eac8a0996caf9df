"""Cells of labels and groups: as ours, as others write them, and as we write them."""

import itertools
import time

import pytest

from hangtag.errors import DataInvalid
from training.data.cell_reader import CellReader
from training.data.key_lists import join_cell, split_cell

NAMES = {
    "412": "T-shirt",
    "413": "Skirt",
    "77": "Red",
    "78": "Navy blue",
    "79": "Red",
    "007": "Bond",
    "zip_two_way": "Two-way zip",
    "crop": "Crop",
    "top": "Top",
    "crop_top": "Crop top",
    "grün": "Green",
    "a,b": "A or B",
    "412077": "Sock",
    "300413": "Belt",
}


def read(cell: str) -> tuple[tuple[str, ...], list[str]]:
    reader = CellReader("labels", NAMES)
    return reader.read(cell), list(reader.remarks())


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("", ()),
        ("412", ("412",)),
        ("412_77", ("412", "77")),
        ("crop_top", ("crop_top",)),
        ("top_crop", ("top", "crop")),
        ("zip_two_way_zip_two_way", ("zip_two_way", "zip_two_way")),
        ("a,b_412", ("a,b", "412")),
        ('["crop", "top"]', ("crop", "top")),
        ("[412, 77]", ("412", "77")),
    ],
)
def test_plain_cells_are_read_without_a_remark(cell: str, keys: tuple[str, ...]) -> None:
    assert read(cell) == (keys, [])


@pytest.mark.parametrize(
    ("cell", "keys", "way"),
    [
        ("412.0", ("412",), "hold decimals"),
        ("412,0", ("412",), "hold decimals"),
        ("412.0_77.00", ("412", "77"), "hold decimals"),
        ("412, 77", ("412", "77"), "joined by other marks"),
        ("412 77", ("412", "77"), "joined by other marks"),
        ("412;77", ("412", "77"), "joined by other marks"),
        ("412|77_78", ("412", "77", "78"), "joined by other marks"),
        ("412\n77", ("412", "77"), "joined by other marks"),
        ("412 / 77", ("412", "77"), "joined by other marks"),
        ("['412', '77']", ("412", "77"), "lists in brackets"),
        ("[412 77]", ("412", "77"), "lists in brackets"),
        ("{412,77.0}", ("412", "77"), "hold decimals"),
        ("412_", ("412",), "a _ too many"),
        ("_412__77", ("412", "77"), "a _ too many"),
        ('="412"', ("412",), "quotes around"),
        ("'412", ("412",), "quotes around"),
        ("7", ("007",), "leading zeros"),
        ("0412_7", ("412", "007"), "leading zeros"),
        ("7.0", ("007",), "leading zeros"),
        ("300,413", ("300413",), "separators of thousands"),
        ("412.077_77", ("412077", "77"), "separators of thousands"),
        ("412-77", ("412", "77"), "joined by other marks"),
        ("412\uff0c77", ("412", "77"), "joined by other marks"),
        ("\uff14\uff11\uff12", ("412",), "spell keys otherwise"),
        ("Skirt > Bond", ("413", "007"), "joined by other marks"),
        ("412 (T-shirt)", ("412",), "names beside IDs"),
        ("412: T-Shirt, 77 - Red", ("412", "77"), "names beside IDs"),
        ("Navy blue (78)", ("78",), "names beside IDs"),
        ("T-shirt", ("412",), "hold names"),
        ("t-SHIRT, navy  blue", ("412", "78"), "hold names"),
        ("Navy blue_Skirt", ("78", "413"), "hold names"),
        ("ZIP_Two_Way", ("zip_two_way",), "spell keys otherwise"),
        ("zip-two-way", ("zip_two_way",), "spell keys otherwise"),
        ("412\uff1b77", ("412", "77"), "joined by other marks"),
        ("412\u060c 77", ("412", "77"), "joined by other marks"),
        ("T\u2011shirt", ("412",), "hold names"),
        ("gru\u0308n", ("grün",), "spell keys otherwise"),
        ("412_zip two way", ("412", "zip_two_way"), "spell keys otherwise"),
    ],
)
def test_cells_as_others_write_them_are_read_and_said(
    cell: str, keys: tuple[str, ...], way: str
) -> None:
    read_keys, (said,) = read(cell)
    assert read_keys == keys
    assert way in said
    assert f"such as {cell!r}, read as {', '.join(keys)}" in said


def test_keys_that_the_longest_first_misses() -> None:
    reader = CellReader("labels", dict.fromkeys(("a", "a_b", "b_c"), ""))
    assert reader.read("a_b_c") == ("a", "b_c")
    assert "a _ of their own" in next(reader.remarks())
    two_ways = CellReader("labels", dict.fromkeys(("a_b_c", "a", "b_c_d", "a_b", "c_d"), ""))
    assert two_ways.read("a_b_c_d") == ("a_b_c", "d")  # not a, b_c_d, which may be a_b, c_d


@pytest.mark.parametrize(
    ("cell", "strange"),
    [
        ("999", "999"),
        ("412_999", "999"),
        ("412, 999", "999"),
        ("Red", "Red"),  # of two labels
        ("light red", "light red"),  # not `Red` with a word more
        ("crop top", "crop top"),  # crop and top, or crop_top
        ("4.12E+02", "4.12E+02"),
        ("nan", "nan"),
        ("412 (Skirt)", "412 (Skirt)"),
        ("412-skirt", "412-skirt"),
    ],
)
def test_cells_without_one_meaning_stay_strange(cell: str, strange: str) -> None:
    keys, said = read(cell)
    assert [key for key in keys if key not in NAMES] == [strange]
    assert said == []


def test_a_decimal_comma_is_none_where_there_is_a_label_0() -> None:
    reader = CellReader("labels", {"412": "Tee", "0": "None"})
    assert reader.read("412,0") == ("412,0",)
    assert reader.read("412, 0") == ("412", "0")
    thousands = CellReader("labels", {"412": "Tee", "412000": "Sock"})
    assert thousands.read("412,000") == ("412", "000")  # strange: 412, or 412000
    assert thousands.read("412.0") == ("412",)


@pytest.mark.parametrize(
    ("names", "cell"),
    [
        ({"1": "A", "412": "B", "1412": "C"}, "1,412"),
        ({"1": "A", "412": "B", "1412": "C"}, "1 412"),
        ({"1": "A", "412": "B", "1412": "C"}, "1,412,1"),
        ({"1": "A", "412": "B", "1412": "C"}, "1,412_1"),
        ({"412": "A", "770": "B", "412770": "C"}, "412,770"),
        ({"1": "Shirts, casual", "2": "Shirts", "3": "Casual", "4": "Red"}, "Shirts, casual, Red"),
        ({"a,b": "", "a": "", "b": "", "c": ""}, "c,a,b"),
        ({"1": "Black/White", "2": "Black", "3": "White", "4": "Red"}, "Red/Black/White"),
        ({"412": "A", "0": "B", "77": "C"}, "412,0,77"),
    ],
)
def test_a_cell_that_could_be_two_things_is_none(names: dict[str, str], cell: str) -> None:
    reader = CellReader("labels", names)
    assert not {*reader.read(cell)} <= {*names}
    assert list(reader.remarks()) == []


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("Shirts, casual, Red", ("1", "4")),
        ("Red, Shirts, casual", ("4", "1")),
        ("1, 412", ("1", "412")),
        ("[1,412]", ("1", "412")),
        ("Red,, 412 ,", ("4", "412")),
    ],
)
def test_names_with_separators_are_read_in_lists(cell: str, keys: tuple[str, ...]) -> None:
    names = {"1": "Shirts, casual", "4": "Red", "412": "Tee", "1412": "Sock"}
    assert CellReader("labels", names).read(cell) == keys


def test_a_name_that_is_a_number_is_a_name() -> None:
    reader = CellReader("labels", {"7": "38", "8": "40"})
    assert reader.read("38") == ("7",)
    assert "hold names: 1" in next(reader.remarks())


@pytest.mark.parametrize("cell", ["_", "__", " _ "])
def test_joints_alone_are_no_labels(cell: str) -> None:
    assert read(cell) == ((), [])


@pytest.mark.parametrize("depth", [1, 20, 400, 990])
def test_brackets_in_brackets(depth: int) -> None:
    assert read("[" * depth + "412, 77" + "]" * depth)[0] == ("412", "77")
    quoted = min(depth, 450)
    assert read('["' * quoted + "412" + '"]' * quoted)[0] == ("412",)


def test_long_lists_take_no_time() -> None:
    started = time.perf_counter()
    for separator in ", /":
        read(separator.join(["412", "77"] * 250))
        read(separator.join(["x"] * 999))
    assert time.perf_counter() - started < 3


def test_each_way_is_said_once_with_its_count() -> None:
    reader = CellReader("labels", NAMES)
    for cell in ("412.0", "412.0", "77.0", "Skirt", "412"):
        reader.read(cell)
    assert list(reader.remarks()) == [
        "cells of the column labels hold decimals: 3, such as '412.0', read as 412.",
        "cells of the column labels hold names: 1, such as 'Skirt', read as 413.",
    ]


def test_a_cell_of_nothing_but_joints_takes_no_time() -> None:
    assert set(split_cell("_" * 5_000, NAMES.__contains__)) == {""}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_written_reads_back(count: int) -> None:
    known = {*NAMES, " spaced ", "[x]", '["y"]', ""}
    for keys in itertools.permutations(sorted(known), count):
        cell = join_cell(keys, known.__contains__)
        assert split_cell(cell.strip(), known.__contains__) == keys


def test_keys_are_joined_plainly_where_that_reads_back() -> None:
    assert join_cell([412, "77"], NAMES.__contains__) == "412_77"
    assert join_cell(["crop_top", "crop"], NAMES.__contains__) == "crop_top_crop"
    assert join_cell(["crop", "top"], NAMES.__contains__) == '["crop", "top"]'
    assert join_cell([], NAMES.__contains__) == ""


def test_keys_that_do_not_read_back_are_refused() -> None:
    with pytest.raises(DataInvalid, match="'x', 'y' cannot be written into one cell"):
        join_cell(["x", "y"], {"x", "y", "x_y", '["x", "y"]'}.__contains__)
