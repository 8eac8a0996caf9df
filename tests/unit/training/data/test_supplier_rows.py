"""Rows as suppliers send them, from a folder to a catalogue."""

from pathlib import Path

import numpy as np
import pytest

from hangtag.errors import DataInvalid
from training.data import (
    Dataset,
    check_problems,
    label_matrix,
    read_dataset,
    refuse_empty,
    with_problems,
)
from training.data.described_photo import DescribedPhoto
from training.data.descriptions import read_described


def read(folder: Path, text: str, name: str = "products.csv") -> Dataset:
    (folder / name).write_text(text)
    return read_dataset(folder)


def test_all_that_is_not_plain_is_read_and_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Image;Labels;Price\nimages\\0.JPG;412,0;9,90\nimages\\1;Skirt, ZIP;9,90\n"
    dataset = read(folder, text)
    assert [photo.path.name for photo in dataset.photos] == ["0.jpg", "1.jpg"]
    assert [photo.labels for photo in dataset.photos] == [{21, 412}, {24, 458, "zip"}]
    said = capsys.readouterr().err
    for part in ("read with ;", "further columns, which are not read: Price", "have backslashes: 2",
                 "hold decimals: 1", "hold names"):  # fmt: skip
        assert said.count(part) == 1


def test_of_the_two_column_csv_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = read(folder, "imageid\tCLASSID\n0.JPG\t412.0\n1\t458.0\n", "train.csv")
    assert [photo.labels for photo in dataset.photos] == [{21, 412}, {24, 458}]
    assert "train.csv: read with tab." in capsys.readouterr().err


def test_groups_are_read_by_their_titles_too(folder: Path) -> None:
    (photo,) = read(folder, 'image,labels,unknown_groups\n0.jpg,21,"Garment, details"\n').photos
    assert photo.unknown_groups == {"garment", "details"}


def test_of_a_product_whose_rows_disagree_only_those_groups_are_unknown(folder: Path) -> None:
    dataset = read(
        folder,
        "image,labels,product_id\n0.jpg,412_zip,A\n1.jpg,412,B\n2.jpg,458_zip,A\n3.jpg,458,C\n",
    )
    (problem,) = dataset.problems
    assert problem.where == "products.csv:2, products.csv:4"
    assert "unknown with skip_bad=true" in problem.cause
    assert [photo.product_id for photo in dataset.photos] == ["A", "B", "A", "C"]
    assert dataset.photos[0].labels == {"zip"}
    np.testing.assert_array_equal(
        label_matrix(dataset.photos[:1], dataset.label_space),
        np.array([[*[np.nan] * 4, 1, 0]], np.float32),
    )


def test_of_a_row_that_contradicts_itself_too(folder: Path) -> None:
    text = "image,labels\n0.jpg,412_458_zip\n1.jpg,412_24_zip\n2.jpg,412_458\n"
    dataset = read(folder, text)
    assert [problem.kind for problem in dataset.problems] == ["conflicting_labels"] * 3
    # Without any label that is left, a row tells nothing.
    assert [photo.path.name for photo in dataset.photos] == ["0.jpg", "1.jpg"]
    for photo in dataset.photos:
        assert photo.labels == {"zip"}
        assert photo.unknown_groups == {"category", "garment"}


@pytest.mark.parametrize("product_id", ["4.00123E+12", "####", "#N/A"])
@pytest.mark.parametrize("rows", [("412", "458"), ("412,,Tee", "412,,Skirt"), ("412", "412_zip")])
def test_spoilt_product_ids_are_named(folder: Path, rows: tuple[str, str], product_id: str) -> None:
    lines = [f"{n}.jpg,{product_id},{row}\n" for n, row in enumerate(rows)]
    dataset = read(folder, "image,product_id,labels,split,title\n" + "".join(lines))
    assert [(each.kind, each.where) for each in dataset.problems] == [
        ("spoilt_product_id", "products.csv:2"),
        ("spoilt_product_id", "products.csv:3"),
    ]
    assert repr(product_id) in dataset.problems[0].cause
    assert "format that column as text" in dataset.problems[0].cause
    assert len(dataset.photos) == 2


def test_a_rounded_product_id_of_one_product_is_fine(folder: Path) -> None:
    text = "image,labels,product_id\n0.jpg,412,4.00123E+12\n1.jpg,412,4.00123E+12\n"
    assert read(folder, text).problems == ()


@pytest.mark.parametrize(
    ("labels", "cause"),
    [
        ("zipp", "there is no label 'zipp'; did you mean zip (Zip)"),
        ("999", "there is no label '999'; there are 21 (Topwear), 24 (Bottomwear), 412 (T-shirt)"),
        ("4.12E+12", "labels are numbers that a spreadsheet has rounded"),
    ],
)
def test_unknown_labels_are_one_sentence(folder: Path, labels: str, cause: str) -> None:
    dataset = read(folder, f"image,labels\n0.jpg,{labels}\n1.jpg,412_{labels}\n")
    causes = {problem.cause for problem in dataset.problems}
    assert len(dataset.problems) == 2
    assert len(causes) == 1
    assert cause in causes.pop()


def test_a_thousand_bad_rows_are_a_few_lines(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = ["zipp", "zip_tow", "999", "998", "997", "996"]
    rows = [f"https://cdn.example.com/x{n}.jpg,{cells[n % len(cells)]}" for n in range(1200)]
    dataset = read(folder, "image,labels\n" + "\n".join(rows))
    capsys.readouterr()
    with pytest.raises(DataInvalid, match="1,200 missing_photo, 1,200 unknown_label"):
        check_problems(dataset.problems, tmp_path / "report.json", skip_bad=False)
    said = capsys.readouterr().err
    assert "1,200: image cells are URLs: download the photos into images/ first" in said
    assert "200: there is no label 'zipp'; did you mean zip (Zip)" in said
    assert "600 more, of 3 other causes" in said
    assert len(said.splitlines()) < 25
    assert (tmp_path / "report.json").read_text().count('"where"') == 2400


@pytest.mark.parametrize(
    "name", ["Products.CSV", "products.xlsx", "products.tsv", "products.csv.txt"]
)
def test_a_products_csv_by_another_name_is_named(folder: Path, name: str) -> None:
    with pytest.raises(DataInvalid, match=f"{name} must be called products.csv"):
        read(folder, "image,labels\n0.jpg,412\n", name)


def test_what_is_left_out_is_said_where_too_little_is_left(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = read(folder, "image,labels\n0.jpg,zipp\n1.jpg,412\n").problems
    too_few = DataInvalid("The dataset has 1 different products.")
    said = with_problems(too_few, problems, tmp_path / "report.json")
    assert str(said).startswith("The dataset has 1 different products. 1 bad rows or photos are")
    assert "did you mean zip (Zip)" in capsys.readouterr().err
    assert with_problems(too_few, [], tmp_path / "report.json") is too_few


def test_no_photo_left_is_said_with_the_reasons(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = read(folder, "image,labels\n0.jpg,zipp\n1.jpg,zipp\n")
    with pytest.raises(DataInvalid, match=r"No photo is left: .* \(2 unknown_label\)"):
        refuse_empty(dataset.problems, len(dataset.photos), tmp_path / "report.json")
    assert "did you mean zip (Zip)" in capsys.readouterr().err
    refuse_empty(dataset.problems, 1, tmp_path / "report.json")


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("title", ["412,zip", "412,zip", "412,Tee"]),
        ("product_id", ["412,zip", "458,zip", "412,A7"]),
        ("product_id,title", ["412,458", "458,412,Soft", "412,A7,Soft"]),
        ("title", ["T-shirt,Zip", "T-shirt,zip", "T-shirt,Tee"]),
        ("title,description,product_id", ["412,Tee, zip,nice", "458,Tee, zip,nice", "412,Tee"]),
    ],
)
def test_labels_that_spill_into_the_next_column_are_problems(
    folder: Path, header: str, rows: list[str]
) -> None:
    lines = [f"{n}.jpg,{row}\n" for n, row in enumerate(rows)]
    dataset = read(folder, f"image,labels,{header}\n" + "".join(lines))
    assert [(each.kind, each.where) for each in dataset.problems] == [
        ("malformed_row", "products.csv:2"),
        ("malformed_row", "products.csv:3"),
    ]
    assert "the cell after labels is a label" in dataset.problems[0].cause
    assert [photo.path.name for photo in dataset.photos] == ["2.jpg"]


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("title", ["412,T-shirt", "412,T-shirt", "412,Topwear"]),
        ("title", ["412,Zip", "412,Zip", "412,Zip"]),
        ("title", ["412,zip", "412,Tee", "412,Tee"]),
        ("price,title", ["412,21,Tee", "412,24,Tee", "412,24,Tee"]),
        ("product_id", ["412,1", "412,2", "412,21"]),
    ],
)
def test_titles_and_ids_that_labels_are_called_too_are_fine(
    folder: Path, header: str, rows: list[str]
) -> None:
    lines = [f"{n}.jpg,{row}\n" for n, row in enumerate(rows)]
    dataset = read(folder, f"image,labels,{header}\n" + "".join(lines))
    assert dataset.problems == ()
    assert len(dataset.photos) == 3


@pytest.mark.parametrize(
    "nothing", ["nan", "NULL", "N/A", "-", "0", "\\N", "None", "0.0", "\u2014"]
)
def test_what_says_that_there_is_no_product_id_is_none(
    folder: Path, nothing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"image,product_id,labels\n0.jpg,{nothing},412\n1.jpg,{nothing},458\n2.jpg,A,412\n"
    dataset = read(folder, text)
    assert dataset.problems == ()
    assert [photo.product_id for photo in dataset.photos] == ["0.jpg", "1.jpg", "A"]
    said = capsys.readouterr().err
    assert f"product IDs such as {nothing!r} say that there is none" in said
    assert "(2 rows)" in said
    described, _ = read_described_with_titles(folder, nothing)
    assert [photo.product_id for photo in described] == ["0.jpg", "1.jpg"]


def read_described_with_titles(folder: Path, nothing: str) -> tuple[list[DescribedPhoto], int]:
    rows = "".join(f"{n}.jpg,{nothing},Tee\n" for n in range(2))
    (folder / "products.csv").write_text(f"image,product_id,title\n{rows}")
    return read_described(folder)


def test_products_are_counted_from_0(folder: Path) -> None:
    text = "image,product_id,labels\n0.jpg,0,412\n1.jpg,0,412\n2.jpg,1,412\n"
    assert [photo.product_id for photo in read(folder, text).photos] == ["0", "0", "1"]


def test_rounded_product_ids_are_always_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read(folder, "image,product_id,labels\n0.jpg,4.00123E+12,412\n1.jpg,4.00124E+12,412\n")
    said = capsys.readouterr().err
    assert "such as '4.00123E+12' are numbers that a spreadsheet has rounded" in said
    assert "(2 rows)" in said
