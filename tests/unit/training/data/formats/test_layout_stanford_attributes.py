"""Stanford Clothing Attributes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from hangtag.errors import DataInvalid
from training.data import label_matrix, read_dataset

SavePhotos = Callable[..., None]

NAN = float("nan")
COLUMNS: dict[str, list[float]] = {
    "category": [1, 7, NAN],
    "gender": [1, 2, 2],
    "neckline": [1, NAN, 2],
    "red": [2, 1, NAN],
    "many_colors": [1, 2, 1],
    "pattern_stripe": [NAN, 2, 1],
    "necktie": [2, 1, NAN],
}


def save_column(folder: Path, attribute: str, values: list[float]) -> None:
    savemat(folder / "labels" / f"{attribute}_GT.mat", {"GT": np.array([values]).T})


@pytest.fixture
def folder(tmp_path: Path, save_photos: SavePhotos) -> Path:
    folder = tmp_path / "stanford"
    (folder / "labels").mkdir(parents=True)
    for attribute, values in COLUMNS.items():
        save_column(folder, attribute, values)
    save_photos(*(folder / "images" / f"{number:06d}.jpg" for number in (1, 2, 3)))
    return folder


def test_values_are_labels(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.problems == ()
    assert {photo.path.name: set(photo.labels) for photo in dataset.photos} == {
        "000001.jpg": {"category:Shirt", "gender:Male", "neckline:V-shape", "colour:red",
                       "detail:necktie"},
        "000002.jpg": {"category:Dress", "gender:Female", "colour:many_colors", "pattern:stripe"},
        "000003.jpg": {"gender:Female", "neckline:Round"},
    }  # fmt: skip


def test_groups(folder: Path) -> None:
    groups = {group.name: group.exclusive for group in read_dataset(folder).label_space.groups}
    assert groups == {
        "category": True, "gender": True, "neckline": True,
        "colour": False, "pattern": False, "detail": False,
    }  # fmt: skip


def test_nan_is_unknown_and_not_negative(folder: Path) -> None:
    dataset = read_dataset(folder)
    first, second, third = dataset.photos
    assert first.unknown_groups == frozenset()
    assert first.unknown_labels == {"pattern:stripe"}
    assert second.unknown_groups == {"neckline"}
    assert second.unknown_labels == frozenset()
    assert third.unknown_groups == {"category"}
    assert third.unknown_labels == {"colour:red", "detail:necktie"}
    space = dataset.label_space
    columns = [space.index_of(label) for label in ("colour:red", "colour:many_colors")]
    matrix = label_matrix(dataset.photos, space)[:, columns]
    np.testing.assert_array_equal(matrix, [[1, 0], [0, 1], [np.nan, 0]])


def test_a_photo_that_is_missing(folder: Path) -> None:
    (folder / "images" / "000002.jpg").unlink()
    dataset = read_dataset(folder)
    assert [(each.kind, each.where) for each in dataset.problems] == [("missing_photo", "labels:2")]
    assert [photo.product_id for photo in dataset.photos] == ["000001", "000003"]


@pytest.mark.parametrize(
    ("attribute", "values", "message"),
    [
        ("red", [1, 2], "have 2 to 3 values where each should have one a photo"),
        ("red", [1, 3, 2], r"red_GT\.mat: the value 3 is none of 1 to 2 and NaN"),
        ("category", [8, 1, 2], r"category_GT\.mat: the value 8 is none of 1 to 7"),
        ("necktie", [0, 1, 2], "the value 0 is none of"),
        ("necktie", [1.5, 1, 2], r"the value 1\.5 is none of"),
    ],
)
def test_a_malformed_file_is_one_sentence(
    folder: Path, attribute: str, values: list[float], message: str
) -> None:
    save_column(folder, attribute, values)
    with pytest.raises(DataInvalid, match=message):
        read_dataset(folder)
