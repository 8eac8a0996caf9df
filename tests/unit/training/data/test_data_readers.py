"""Dataset folders of every layout, sound and otherwise."""

import json
from pathlib import Path

import numpy as np
import pytest

from hangtag.errors import DataInvalid, LabelSpaceInvalid
from training.data import LAYOUTS, Dataset, label_matrix, read_dataset

STYLES_HEADER = (
    "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,"
    "productDisplayName\n"
)


def read_products(folder: Path, text: str) -> Dataset:
    (folder / "products.csv").write_bytes(text.encode())
    return read_dataset(folder)


def read_styles(folder: Path, *rows: str) -> Dataset:
    (folder / "styles.csv").write_text(STYLES_HEADER + "".join(f"{row}\n" for row in rows))
    return read_dataset(folder)


def kinds(dataset: Dataset) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in dataset.problems]


def test_products_csv_with_all_columns(folder: Path) -> None:
    dataset = read_products(
        folder,
        "image,labels,product_id,title,description,split\n"
        '0.jpg,412_zip,SKU-1,Red tee,"Soft, red",val\n',
    )
    (photo,) = dataset.photos
    assert photo.path == folder / "images" / "0.jpg"
    assert photo.labels == {21, 412, "zip"}
    assert (photo.product_id, photo.title, photo.description) == ("SKU-1", "Red tee", "Soft, red")
    assert photo.split == "validation"
    assert dataset.source == "products.csv"
    assert dataset.problems == ()


def test_products_csv_with_the_required_columns_only(folder: Path) -> None:
    (photo,) = read_products(folder, "labels,image\n412,images/0.jpg\n").photos
    assert (photo.product_id, photo.title, photo.split) == ("images/0.jpg", "", None)
    assert photo.unknown_groups == frozenset()


def test_bom_crlf_and_blank_lines_are_fine(folder: Path) -> None:
    dataset = read_products(folder, "\ufeffimage,labels\r\n0.jpg,412\r\n\r\n,\r\n1.jpg,458\r\n")
    assert [photo.path.name for photo in dataset.photos] == ["0.jpg", "1.jpg"]
    assert dataset.problems == ()


def test_line_numbers_count_quoted_line_breaks(folder: Path) -> None:
    text = 'image,labels,title\n0.jpg,412,"two\nlines"\nnone.jpg,412,x\n'
    assert kinds(read_products(folder, text)) == [("missing_photo", "products.csv:4")]


def test_label_ids_may_contain_the_joining_character(folder: Path) -> None:
    (photo,) = read_products(folder, "image,labels\n0.jpg,412_zip_two_way_zip\n").photos
    assert photo.labels == {21, 412, "zip_two_way", "zip"}


@pytest.mark.parametrize(
    ("row", "kind", "detail"),
    [
        ("none.jpg,412,", "missing_photo", "there is no photo 'none.jpg'"),
        (f"{'x' * 300},412,", "missing_photo", "there is no photo"),
        (",412,", "malformed_row", "names no photo"),
        ("0.jpg", "malformed_row", "1 cells where the header names 3 columns"),
        ("0.jpg,412,,x", "malformed_row", "4 cells"),
        ('"0.jpg"x,412,', "malformed_row", "quotes"),
        ('0.jpg,412,"train', "malformed_row", "quotes"),
        ("0.jpg,412_999_x,", "unknown_label", "'999', 'x'"),
        ("0.jpg,,", "no_labels", "no labels at all"),
        ("0.jpg,412_458,", "conflicting_labels", "21 and 24 exclude each other (category)"),
        ("0.jpg,412_24,", "conflicting_labels", "21 and 24"),
        ("0.jpg,412,holdout", "unknown_split", "'holdout' is none of train"),
        ("7.jpg,412,", "duplicated_row", "7.jpg is already in products.csv:2"),
    ],
)
def test_a_bad_row_is_a_problem_and_yields_no_photo(
    folder: Path, row: str, kind: str, detail: str
) -> None:
    dataset = read_products(folder, f"image,labels,split\n7.jpg,412,train\n{row}\n")
    assert kinds(dataset) == [(kind, "products.csv:3")]
    assert detail in dataset.problems[0].detail
    assert [photo.path.name for photo in dataset.photos] == ["7.jpg"]


def test_unknown_groups_of_products_csv_are_not_negative(folder: Path) -> None:
    dataset = read_products(
        folder, "image,labels,unknown_groups\n0.jpg,21,garment_details\n1.jpg,zip_412,\n"
    )
    assert [photo.unknown_groups for photo in dataset.photos] == [{"garment", "details"}, set()]
    np.testing.assert_array_equal(
        label_matrix(dataset.photos, dataset.label_space),
        np.array([[1, 0, *[np.nan] * 4], [1, 0, 1, 0, 1, 0]], np.float32),
    )


def test_of_an_unknown_group_the_labels_that_are_given_hold(folder: Path) -> None:
    text = "image,labels,unknown_groups\n0.jpg,412_zip,details_category_garment\n"
    dataset = read_products(folder, text)
    # A label of an exclusive group says all about it.
    assert dataset.photos[0].unknown_groups == {"details"}
    np.testing.assert_array_equal(
        label_matrix(dataset.photos, dataset.label_space),
        np.array([[1, 0, 1, 0, 1, np.nan]], np.float32),
    )


def test_group_names_may_contain_the_joining_character(folder: Path) -> None:
    document = json.loads((folder / "labels.json").read_text())
    document["groups"] += [{"name": name, "title": name} for name in ("neck", "neck_line")]
    (folder / "labels.json").write_text(json.dumps(document))
    text = "image,labels,unknown_groups\n0.jpg,412,neck_line_details_neck\n"
    (photo,) = read_products(folder, text).photos
    assert photo.unknown_groups == {"neck", "neck_line", "details"}


def test_an_unknown_group_that_there_is_not_is_a_problem(folder: Path) -> None:
    text = "image,labels,unknown_groups\n0.jpg,412,details_size\n1.jpg,412,\n"
    dataset = read_products(folder, text)
    assert kinds(dataset) == [("unknown_group", "products.csv:2")]
    assert "no group of the label space: 'size'" in dataset.problems[0].detail
    assert [photo.path.name for photo in dataset.photos] == ["1.jpg"]


def test_all_problems_of_a_row_are_told(folder: Path) -> None:
    dataset = read_products(folder, "image,labels\nnone.jpg,999\n")
    assert [kind for kind, _ in kinds(dataset)] == ["missing_photo", "unknown_label"]


def test_a_product_whose_rows_disagree_on_all_labels_is_left_out(folder: Path) -> None:
    dataset = read_products(
        folder, "image,labels,product_id\n0.jpg,412,A\n1.jpg,412_zip,B\n2.jpg,458,A\n3.jpg,412,B\n"
    )
    assert kinds(dataset) == [("conflicting_labels", "products.csv:2, products.csv:4")]
    assert "product 'A' disagree" in dataset.problems[0].detail
    assert [photo.product_id for photo in dataset.photos] == ["B", "B"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; its first line must name the columns"),
        ("image,labels\n", "has a header and no rows"),
        ("image,tags\n0.jpg,412\n", "lacks the column labels; its columns are image, tags"),
        ("image,labels,labels\n0.jpg,1,2\n", "has the column labels more than once"),
        ('"image,labels\n0.jpg,412\n', "line 1: the quotes"),
    ],
)
def test_an_unusable_csv_is_one_sentence(folder: Path, text: str, message: str) -> None:
    with pytest.raises(DataInvalid, match=message):
        read_products(folder, text)


def test_a_dataset_without_labels_json(folder: Path) -> None:
    (folder / "labels.json").unlink()
    with pytest.raises(LabelSpaceInvalid, match=r"labels\.json cannot be read"):
        read_products(folder, "image,labels\n0.jpg,412\n")


@pytest.mark.parametrize("photo_folder", ["images", "train", "."])
@pytest.mark.parametrize("extension", ["", ".jpg"])
def test_class_id_csv(folder: Path, photo_folder: str, extension: str) -> None:
    (folder / "images").rename(folder / "pictures")
    (folder / photo_folder).mkdir(exist_ok=True)
    (folder / "pictures" / "3.jpg").rename(folder / photo_folder / "3.jpg")
    (folder / "labels.json").write_text(json.dumps({"7": "Red", "12": "Long sleeves"}))
    (folder / "train.csv").write_text(f"ImageId,ClassId\n3{extension},12_7\n")
    (folder / "sample_submission.csv").write_text("ImageId,ClassId\n3,7\n")
    dataset = read_dataset(folder)
    (photo,) = dataset.photos
    assert photo.labels == {7, 12}
    assert photo.path == folder / photo_folder / "3.jpg"
    assert (dataset.source, dataset.problems) == ("train.csv", ())


def test_class_id_csv_without_class_ids(folder: Path) -> None:
    (folder / "labelled.csv").write_text("ImageId,Labels\n0,412\n")
    with pytest.raises(DataInvalid, match=r"labelled\.csv lacks the column ClassId"):
        read_dataset(folder)


def test_several_class_id_csvs(folder: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("ImageId,ClassId\n0,412\n")
    with pytest.raises(DataInvalid, match=r"several csv files .* name the one to train on"):
        read_dataset(folder)


def test_styles_csv(folder: Path) -> None:
    dataset = read_styles(folder, "0,Men,Apparel,Topwear,Tshirts,Blue,Fall,2011,Casual,Blue tee")
    (photo,) = dataset.photos
    assert photo.labels == {
        "gender:Men", "masterCategory:Apparel", "subCategory:Topwear", "articleType:Tshirts",
        "baseColour:Blue", "season:Fall", "usage:Casual",
    }  # fmt: skip
    assert (photo.product_id, photo.title) == ("0", "Blue tee")
    assert all(group.exclusive for group in dataset.label_space.groups)
    assert dataset.label_space.group("articleType").parent == "subCategory"
    tee = dataset.label_space.labels[dataset.label_space.index_of("articleType:Tshirts")]
    assert dataset.label_space.path_of(tee) == ["Apparel", "Topwear", "Tshirts"]


def test_unknown_cells_of_styles_csv_are_not_negative(folder: Path) -> None:
    dataset = read_styles(folder, "0,Men,Apparel,Topwear,NA,,Fall,2011,NA,Tee")
    assert dataset.photos[0].unknown_groups == {"articleType", "baseColour", "usage"}
    assert not any("NA" in str(label.id) for label in dataset.label_space.labels)


def test_unquoted_commas_belong_to_the_title(folder: Path) -> None:
    row = "0,Men,Apparel,Topwear,Tshirts,Blue,Fall,2011,Casual,Tee, pack of 2, blue"
    assert read_styles(folder, row).photos[0].title == "Tee, pack of 2, blue"


def test_styles_csv_row_without_photo(folder: Path) -> None:
    row = "99,Men,Apparel,Topwear,Tshirts,Blue,Fall,2011,Casual,Tee"
    assert kinds(read_styles(folder, row)) == [("missing_photo", "styles.csv:2")]


def test_the_most_frequent_parent_decides(folder: Path) -> None:
    rows = [
        f"{number},Men,Footwear,{parent},Sandals,Black,Fall,2011,Casual,Sandal {number}"
        for number, parent in enumerate(["Shoes", "Sandal", "Sandal"])
    ]
    dataset = read_styles(folder, *rows)
    assert dataset.problems == ()
    for photo in dataset.photos:
        assert "subCategory:Sandal" in photo.labels
        assert "subCategory:Shoes" not in photo.labels


def test_styles_csv_lacks_a_column(folder: Path) -> None:
    (folder / "styles.csv").write_text("id,gender\n0,Men\n")
    with pytest.raises(DataInvalid, match="lacks the column masterCategory, subCategory"):
        read_dataset(folder)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="does not exist"):
        read_dataset(tmp_path / "none")


def test_a_file_instead_of_a_folder(folder: Path) -> None:
    with pytest.raises(DataInvalid, match="is a file; give the folder"):
        read_dataset(folder / "labels.json")


def test_an_unknown_layout_lists_all_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid) as caught:
        read_dataset(tmp_path)
    message = str(caught.value)
    assert all(layout.looked_for in message for layout in LAYOUTS)
    for name in (
        "products.csv", "styles.csv", "ImageId, ClassId", "train.json", "list_attr_img.txt",
        "FEIDEGGER", "label_list.mat", "_GT.mat", "manifest",
    ):  # fmt: skip
        assert name in message
