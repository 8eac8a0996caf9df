"""DeepFashion: Category and Attribute Prediction."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hangtag.errors import DataInvalid
from training.data import label_matrix, read_dataset

SavePhotos = Callable[..., None]

BLOUSE = "img/Sheer_Pleated-Front_Blouse/img_00000001.jpg"
JEANS = "img/Ripped_Skinny_Jeans/img_00000007.jpg"
DRESS = "img/Paisley_Maxi_Dress/img_00000003.jpg"
LISTS = {
    "Anno/list_category_cloth.txt": "3\ncategory_name  category_type\n"
    "Blouse              1\nJeans               2\nDress               3\n",
    "Anno/list_category_img.txt": "3\nimage_name  category_label\n"
    f"{BLOUSE}     1\n{JEANS}         2\n{DRESS}           3\n",
    "Anno/list_attr_cloth.txt": "4\nattribute_name  attribute_type\n"
    "abstract print      1\nchiffon\t2\nmaxi                3\nripped              5\n",
    "Anno/list_attr_img.txt": "3\nimage_name  attribute_labels\n"
    f"{BLOUSE}  1  1 -1 -1\n{JEANS}   -1  0 -1  1\n{DRESS}  0 -1  1  0\n",
    "Anno/list_bbox.txt": "3\nimage_name  x_1  y_1  x_2  y_2\n"
    f"{BLOUSE}  072 020 132 153\n{JEANS}  000 000 160 160\n{DRESS}  010 040 010 090\n",
    "Eval/list_eval_partition.txt": "3\nimage_name  evaluation_status\n"
    f"{BLOUSE}  train\n{JEANS}  val\n{DRESS}  test\n",
}


@pytest.fixture
def folder(tmp_path: Path, save_photos: SavePhotos) -> Path:
    folder = tmp_path / "deepfashion"
    save_photos(*(folder / image for image in (BLOUSE, JEANS, DRESS)))
    for name, text in LISTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def change(folder: Path, name: str, old: str, new: str) -> None:
    assert old in LISTS[name]
    (folder / name).write_text(LISTS[name].replace(old, new))


def test_categories_attributes_and_partition(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.problems == ()
    blouse, jeans, dress = dataset.photos
    assert blouse.labels == {
        "bodyPart:upper body", "category:Blouse", "texture:abstract print", "fabric:chiffon"
    }  # fmt: skip
    assert jeans.labels == {"bodyPart:lower body", "category:Jeans", "style:ripped"}
    assert dress.labels == {"bodyPart:full body", "category:Dress", "shape:maxi"}
    assert [photo.split for photo in dataset.photos] == ["train", "validation", "test"]
    assert blouse.description == "Sheer Pleated-Front Blouse"


def test_the_category_types_are_the_parents(folder: Path) -> None:
    space = read_dataset(folder).label_space
    assert space.hierarchies == (("bodyPart", "category"),)
    blouse = space.labels[space.index_of("category:Blouse")]
    assert space.path_of(blouse) == ["Upper body", "Blouse"]
    assert not space.group("texture").exclusive


def test_zero_is_unknown_and_not_negative(folder: Path) -> None:
    dataset = read_dataset(folder)
    blouse, jeans, dress = dataset.photos
    assert blouse.unknown_labels == frozenset()
    assert jeans.unknown_labels == {"fabric:chiffon"}
    assert dress.unknown_labels == {"texture:abstract print", "style:ripped"}
    space = dataset.label_space
    columns = [space.index_of(f"{n}") for n in ("texture:abstract print", "fabric:chiffon")]
    matrix = label_matrix(dataset.photos, space)[:, columns]
    np.testing.assert_array_equal(matrix, [[1, 1], [0, np.nan], [np.nan, 0]])


def test_boxes_are_crops(folder: Path) -> None:
    crops = [photo.crop for photo in read_dataset(folder).photos]
    assert crops == [(72, 20, 132, 153), (0, 0, 160, 160), (10, 40, 10, 90)]


def test_a_photo_without_attributes_box_and_partition(folder: Path) -> None:
    for name in ("Anno/list_attr_img.txt", "Anno/list_bbox.txt", "Eval/list_eval_partition.txt"):
        lines = LISTS[name].splitlines(keepends=True)
        (folder / name).write_text("2\n" + "".join(lines[1:-1]))
    dress = read_dataset(folder).photos[2]
    assert dress.labels == {"bodyPart:full body", "category:Dress"}
    assert dress.unknown_groups == {"texture", "fabric", "shape", "part", "style"}
    assert (dress.crop, dress.split) == (None, None)


def test_the_later_release_and_photos_below_img(folder: Path) -> None:
    (folder / "Anno").rename(folder / "Anno_coarse")
    (folder / "Img").mkdir()
    (folder / "img").rename(folder / "Img" / "img")
    assert len(read_dataset(folder).photos) == 3


def test_a_name_of_two_columns_is_one_label(folder: Path) -> None:
    change(folder, "Anno/list_attr_cloth.txt", "chiffon\t2", "abstract print      1")
    blouse, jeans, dress = read_dataset(folder).photos
    assert "texture:abstract print" in blouse.labels
    assert "texture:abstract print" in jeans.unknown_labels
    assert "texture:abstract print" in dress.unknown_labels


def test_missing_photos_and_strange_values_are_problems(folder: Path) -> None:
    (folder / BLOUSE).unlink()
    change(folder, "Anno/list_category_img.txt", f"{JEANS}         2", f"{JEANS}  51")
    change(folder, "Eval/list_eval_partition.txt", "test", "gallery")
    dataset = read_dataset(folder)
    assert dataset.photos == ()
    assert [(problem.kind, problem.where) for problem in dataset.problems] == [
        ("missing_photo", "list_category_img.txt:3"),
        ("unknown_label", "list_category_img.txt:4"),
        ("unknown_split", "list_category_img.txt:5"),
    ]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_missing_or_cut_short(folder: Path, name: str) -> None:
    (folder / name).write_text("".join(LISTS[name].splitlines(keepends=True)[:-1]))
    with pytest.raises(DataInvalid, match=r"announces . entries and has .; download it again"):
        read_dataset(folder)
    (folder / name).unlink()
    with pytest.raises(DataInvalid, match=f"{Path(name).name} cannot be read: No such file"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("Anno/list_category_cloth.txt", "3\nc", "x\nc", "first line must be the number"),
        ("Anno/list_category_cloth.txt", "Jeans               2", "Jeans", "is not a name and a"),
        ("Anno/list_category_cloth.txt", "Jeans               2", "Jeans 4", "type 4; 1 to 3 are"),
        ("Anno/list_attr_cloth.txt", "maxi                3", "maxi 6", "type 6; 1 to 5 are known"),
        ("Anno/list_attr_img.txt", "1  1 -1 -1", "1  1 -1", "line 3: 3 values follow .* where 4"),
        ("Anno/list_attr_img.txt", "1  1 -1 -1", "1  2 -1 -1", "line 3: '2' is none of 1, -1 and"),
        ("Anno/list_bbox.txt", "072", "7.2", "line 3: a box is four whole numbers"),
    ],
)
def test_a_malformed_list_is_one_sentence(
    folder: Path, name: str, old: str, new: str, message: str
) -> None:
    change(folder, name, old, new)
    with pytest.raises(DataInvalid, match=message):
        read_dataset(folder)
