"""What a run has in hand, of its test photos only."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from hangtag.bundle import DatasetIdentity
from hangtag.label_space import parse_label_space
from training.calibrate.tuning import untuned
from training.data import DecodedDataset, NearDuplicateAgreement, ProductPhoto, Splits
from training.data.training_data import TrainingData
from training.evaluate.evaluated import NEW_TITLE
from training.evaluate.gathering import gather_test_photos

TITLES = ("Red tee", "Blue tee", "", "red  TEE!", "Green tee", "")
SPLITS = Splits(
    train=np.array([0, 2]),
    validation=np.array([1]),
    calibration=np.array([], np.int64),
    test=np.array([3, 4, 5]),
    left_out=np.array([], np.int64),
)


def training_data(folder: Path) -> TrainingData:
    photos = []
    for number, title in enumerate(TITLES):
        path = folder / f"{number}.png"
        Image.new("RGB", (10 + number, 20)).save(path)
        photos.append(ProductPhoto(path, str(number), title, "", frozenset(), frozenset(), None))
    decoded = DecodedDataset(
        photos=tuple(photos),
        pixels=np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((3, 4, 4), np.uint8),
        hashes=np.zeros(6, np.uint64),
        colours=np.zeros((6, 192), np.uint8),
        problems=(),
    )
    targets = np.array([[1, 1], [1, 1], [1, 0], [0, 1], [0, 1], [0, 1]], np.float32)
    identity = DatasetIdentity(source="made up", sha256="sha256:0", photos=6, products=6)
    space = parse_label_space({"1": "Tee", "2": "Red"})
    return TrainingData(
        decoded, space, targets, SPLITS, identity, np.array([5, 6, 7, 8, 9, 9], np.int64)
    )


def test_test_photos_may_be_larger_than_the_usual_limits(tmp_path: Path) -> None:
    data = training_data(tmp_path)
    Image.new("1", (8100, 8000)).save(tmp_path / "5.png")
    scores = np.zeros((3, 2), np.float32)
    found = gather_test_photos(data, untuned(data.label_space), scores, None, 0.9)
    assert found.sizes_px.tolist() == [[13, 20], [14, 20], [8100, 8000]]


def test_everything_is_that_of_the_test_photos(tmp_path: Path) -> None:
    data = training_data(tmp_path)
    scores = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], np.float32)
    found = gather_test_photos(data, untuned(data.label_space), scores, None, 0.9)
    assert found.paths == ("3.png", "4.png", "5.png")
    assert found.sizes_px.tolist() == [[13, 20], [14, 20], [15, 20]]
    assert found.duplicate_groups.tolist() == [8, 9, 9]
    assert found.sheet_pixels[:, 0, 0, 0].tolist() == [3, 4, 5]
    assert found.targets.tolist() == [[0, 1]] * 3
    assert found.train_photos == 2
    assert found.train_together.tolist() == [[2, 1], [1, 1]]
    # Of the first the title is known, whatever its spelling; no title is nobody's.
    assert found.slices[NEW_TITLE].tolist() == [False, True, True]


def test_twins_are_looked_for_in_all_photos(tmp_path: Path) -> None:
    data = training_data(tmp_path)
    space = parse_label_space(
        {
            "version": "1",
            "groups": [{"name": "kind", "title": "Kind", "exclusive": True}],
            "labels": [{"id": each, "name": each, "group": "kind"} for each in ("tee", "bag")],
        }
    )
    # The first two are one picture, so are the next two; the others are blank.
    colours = np.zeros((6, 192), np.uint8)
    colours[:4, ::2] = 200
    hashes = np.array([1, 1, 0xFFFFF << 40, 0xFFFFF << 40, 0, 0], np.uint64)
    decoded = replace(data.decoded, hashes=hashes, colours=colours)
    targets = np.array([[1, 0], [0, 1], [1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    data = replace(data, decoded=decoded, label_space=space, targets=targets)
    scores = np.full((3, 2), 0.5, np.float32)
    found = gather_test_photos(data, untuned(space), scores, None, 0.9)
    assert found.twins == {"kind": NearDuplicateAgreement(photos=4, agreement=0.5, ceiling=0.75)}


def test_a_title_that_too_many_photos_share_is_nobodys(tmp_path: Path) -> None:
    data = training_data(tmp_path)
    copies = tuple(replace(photo, title="T-shirt") for photo in data.decoded.photos)
    for count, new in ((3, False), (4, True)):  # 18 and 24 photos; 20 may share a title
        photos = copies * count
        decoded = replace(data.decoded, photos=photos, hashes=np.zeros(len(photos), np.uint64),
                          colours=np.zeros((len(photos), 192), np.uint8))  # fmt: skip
        found = gather_test_photos(
            replace(data, decoded=decoded), untuned(data.label_space),
            np.full((3, 2), 0.5, np.float32), None, 0.9,
        )  # fmt: skip
        assert found.slices[NEW_TITLE].tolist() == [new] * 3
