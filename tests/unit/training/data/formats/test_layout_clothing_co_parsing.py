"""Clothing Co-Parsing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from hangtag.errors import DataInvalid
from training.data import read_dataset

SavePhotos = Callable[..., None]

NAMES = ["null", "accessories", "bag", "skirt", "t-shirt"]


def save_tags(folder: Path, stem: str, numbers: list[int]) -> None:
    path = folder / "annotations" / "image-level" / f"{stem}.mat"
    savemat(path, {"tags": np.array([numbers], np.uint8)})


@pytest.fixture
def folder(tmp_path: Path, save_photos: SavePhotos) -> Path:
    folder = tmp_path / "ccp"
    for level in ("image-level", "pixel-level"):
        (folder / "annotations" / level).mkdir(parents=True)
    savemat(folder / "label_list.mat", {"label_list": np.array([NAMES], dtype=object)})
    save_tags(folder, "1005", [0, 2, 4])
    pixels = np.zeros((30, 20), np.uint8)
    pixels[5:9, 3:7], pixels[10:20, 3:7] = 1, 3
    savemat(folder / "annotations" / "pixel-level" / "0001.mat", {"groundtruth": pixels})
    save_photos(folder / "photos" / "1005.jpg", folder / "photos" / "0001.jpg")
    return folder


def test_tags_of_photos_and_of_pixels(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.problems == ()
    read = {photo.path.name: set(photo.labels) for photo in dataset.photos}
    assert read == {"1005.jpg": {"bag", "t-shirt"}, "0001.jpg": {"accessories", "skirt"}}
    assert [photo.split for photo in dataset.photos] == [None, None]


def test_the_background_is_no_label(folder: Path) -> None:
    space = read_dataset(folder).label_space
    assert [label.id for label in space.labels] == NAMES[1:]
    assert not space.groups[0].exclusive


def test_problems(folder: Path, save_photos: SavePhotos) -> None:
    (folder / "photos" / "1005.jpg").unlink()
    save_tags(folder, "1006", [0])
    save_tags(folder, "1007", [0, 2, 5])
    save_photos(folder / "photos" / "1006.jpg", folder / "photos" / "1007.jpg")
    found = [(problem.kind, problem.where) for problem in read_dataset(folder).problems]
    assert found == [
        ("missing_photo", "annotations/image-level/1005.mat"),
        ("no_labels", "annotations/image-level/1006.mat"),
        ("unknown_label", "annotations/image-level/1007.mat"),
    ]


def test_a_folder_without_annotations(folder: Path) -> None:
    for path in folder.glob("annotations/*/*.mat"):
        path.unlink()
    with pytest.raises(DataInvalid, match=r"annotations holds no \.mat files"):
        read_dataset(folder)


def test_a_folder_without_names(folder: Path) -> None:
    (folder / "label_list.mat").unlink()
    with pytest.raises(DataInvalid, match=r"label_list\.mat cannot be read: No such file"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"labels": [1, 2]}, r"1005\.mat lacks the variable tags"),
        ({"tags": ["bag"]}, r"1005\.mat: its variable tags does not hold numbers"),
    ],
)
def test_another_variable(folder: Path, variables: dict[str, object], message: str) -> None:
    savemat(folder / "annotations" / "image-level" / "1005.mat", variables)
    with pytest.raises(DataInvalid, match=message):
        read_dataset(folder)


def test_names_that_are_no_texts(folder: Path) -> None:
    savemat(folder / "label_list.mat", {"label_list": [1, 2]})
    with pytest.raises(DataInvalid, match="label_list does not hold texts"):
        read_dataset(folder)


def test_a_mat_file_that_is_cut_short_anywhere_is_one_sentence(folder: Path) -> None:
    path = folder / "annotations" / "pixel-level" / "0001.mat"
    for compressed in (False, True):
        savemat(path, {"groundtruth": np.eye(30, dtype=np.uint8)}, do_compression=compressed)
        whole = path.read_bytes()
        for length in range(0, len(whole) - 1, 7):
            path.write_bytes(whole[:length])
            with pytest.raises(DataInvalid, match=r"0001\.mat"):
                read_dataset(folder)


def test_no_mat_file_at_all(folder: Path) -> None:
    path = folder / "annotations" / "pixel-level" / "0001.mat"
    for content in (b"<html>404</html>" * 20, b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM", b"\0"):
        path.write_bytes(content)
        with pytest.raises(DataInvalid, match=r"0001\.mat"):
            read_dataset(folder)
