"""iMaterialist Fashion 2018."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hangtag.errors import DataInvalid
from training.data import read_dataset

SavePhotos = Callable[..., None]

LABEL_MAP = """labelId,taskId,labelName,taskName
62,1,Dresses,category
148,2,Red,color
66,3,Female,gender
"""


def part(**labels_by_image: list[str]) -> dict[str, object]:
    """Return what a json file of the set holds; the images are given as i7=[…]."""
    ids = [name.removeprefix("i") for name in labels_by_image]
    return {
        "info": {"year": 2018, "version": "1"},
        "images": [{"url": f"https://example.org/{i}.jpg", "imageId": i} for i in ids],
        "annotations": [
            {"labelId": labels, "imageId": i}
            for i, labels in zip(ids, labels_by_image.values(), strict=True)
        ],
        "license": {"url": "", "name": ""},
    }


def write(folder: Path, **parts: Mapping[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    for name, document in parts.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


@pytest.fixture
def folder(tmp_path: Path, save_photos: SavePhotos) -> Path:
    folder = tmp_path / "imaterialist"
    write(folder, train=part(i1=["62", "148"], i2=["148"]), validation=part(i9=["62", "66"]))
    save_photos(*(folder / "images" / f"{number}.jpg" for number in (1, 2, 9)))
    return folder


def test_labels_and_splits(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.problems == ()
    read = [(photo.path.name, set(photo.labels), photo.split) for photo in dataset.photos]
    assert read == [
        ("1.jpg", {62, 148}, "train"),
        ("2.jpg", {148}, "train"),
        ("9.jpg", {62, 66}, "validation"),
    ]
    assert [group.name for group in dataset.label_space.groups] == ["labels"]
    assert dataset.source == "train.json, validation.json"


def test_the_label_map_gives_names_and_groups(folder: Path) -> None:
    (folder / "iMat_fashion_2018_label_map_228.csv").write_text(LABEL_MAP)
    space = read_dataset(folder).label_space
    assert [(label.id, label.name, label.group) for label in space.labels] == [
        (62, "Dresses", "category"),
        (148, "Red", "color"),
        (66, "Female", "gender"),
    ]
    assert not any(group.exclusive for group in space.groups)


def test_both_parts_count_from_one(tmp_path: Path, save_photos: SavePhotos) -> None:
    write(tmp_path, train=part(i1=["62"]), validation=part(i1=["66"]))
    save_photos(tmp_path / "train" / "1.jpg", tmp_path / "images" / "validation" / "1.jpg")
    first, second = read_dataset(tmp_path).photos
    assert (first.path.parent.name, set(first.labels)) == ("train", {62})
    assert (second.path.parent.name, set(second.labels)) == ("validation", {66})
    assert first.product_id != second.product_id


def test_a_photo_that_could_be_of_either_part_is_of_none(
    tmp_path: Path, save_photos: SavePhotos
) -> None:
    write(tmp_path, train=part(i1=["62"]), validation=part(i1=["66"]))
    save_photos(tmp_path / "images" / "1.jpg")
    dataset = read_dataset(tmp_path)
    assert dataset.photos == ()
    assert [problem.kind for problem in dataset.problems] == ["missing_photo"] * 2


def test_missing_photos_labels_and_annotations_are_problems(
    tmp_path: Path, save_photos: SavePhotos
) -> None:
    document = part(i1=["62"], i2=["999"], i3=["62"], i4=[])
    document["images"].append({"imageId": "5", "url": ""})  # type: ignore[attr-defined]
    write(tmp_path, train=document)
    (tmp_path / "label_map.csv").write_text(LABEL_MAP)
    save_photos(*(tmp_path / "images" / f"{number}.jpg" for number in (2, 3, 4, 5)))
    dataset = read_dataset(tmp_path)
    assert [photo.path.name for photo in dataset.photos] == ["3.jpg"]
    assert {(problem.kind, problem.where) for problem in dataset.problems} == {
        ("missing_photo", "train.json:annotations.0"),
        ("unknown_label", "train.json:annotations.1"),
        ("no_labels", "train.json:annotations.3"),
        ("no_labels", "train.json:images.4"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [{"imageId": "1"}', r"train\.json is not JSON: line 1: "),
        ('{"images": [{"imageId": "1"}]}', r"train\.json: annotations is missing"),
        (
            '{"images": [], "annotations": [{"imageId": "1", "labelId": "62"}]}',
            r"train\.json: annotations\.0\.labelId must be a list, and is ",
        ),
        (
            '{"images": [{"imageId": "1"}], "annotations": []}',
            r"train\.json: .*there are no labels",
        ),
    ],
)
def test_a_malformed_file_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(DataInvalid, match=message):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    "document",
    [
        "",
        [],
        {"epochs": 12, "images": "images/", "imageId": "1"},
        {"images": [], "annotations": []},
        {
            "info": {"description": "COCO"},
            "images": [{"id": 1, "file_name": "1.jpg", "width": 9, "height": 9}],
            "annotations": [{"id": 7, "image_id": 1, "category_id": 62, "bbox": [0, 0, 9, 9]}],
            "categories": [{"id": 62, "name": "chair"}],
        },
    ],
)
def test_a_train_json_of_another_set_is_not_read(tmp_path: Path, document: object) -> None:
    (tmp_path / "train.json").write_text(json.dumps(document))
    with pytest.raises(DataInvalid, match="has no layout that is known"):
        read_dataset(tmp_path)


def test_only_the_first_bytes_of_a_train_json_tell_its_layout(folder: Path) -> None:
    with (folder / "train.json").open("ab") as file:
        file.write(b" " * (1 << 20) + b"}")
    with pytest.raises(DataInvalid, match=r"train\.json is not JSON: line 1: "):
        read_dataset(folder)


@pytest.mark.parametrize("names", [("imageId", "labelId"), ("image_id", "label_id")])
def test_ids_have_either_spelling(
    names: tuple[str, str], tmp_path: Path, save_photos: SavePhotos
) -> None:
    image, label = names
    document = {"images": [{image: 1, "url": ""}], "annotations": [{image: 1, label: [62]}]}
    write(tmp_path, train=document)
    save_photos(tmp_path / "images" / "1.jpg")
    assert read_dataset(tmp_path).photos[0].labels == {62}


def test_several_label_maps(folder: Path) -> None:
    for name in ("label_map.csv", "label_map_228.csv"):
        (folder / name).write_text(LABEL_MAP)
    with pytest.raises(DataInvalid, match="several label maps; keep one"):
        read_dataset(folder)


def test_a_label_that_the_map_has_twice(folder: Path) -> None:
    (folder / "label_map.csv").write_text(LABEL_MAP + "62,1,Gowns,category\n")
    with pytest.raises(DataInvalid, match=r"label_map\.csv: .*'62' occurs more than once"):
        read_dataset(folder)
