"""What cannot be learned or measured is said before training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from hangtag.arrays import FloatArray
from hangtag.bundle import DatasetIdentity
from hangtag.errors import DataInvalid
from hangtag.label_space import parse_label_space
from training.data import DecodedDataset, ProductPhoto, Splits
from training.data.fingerprints import fingerprint
from training.data.learnability import doubts, require_different_pictures
from training.data.training_data import TrainingData

PHOTOS = 120
TRAIN, VALIDATION, CALIBRATION, TEST = 84, 8, 8, 20
SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [
            {"name": "type", "title": "Type", "exclusive": True},
            {"name": "season", "title": "Season", "exclusive": True},
            {"name": "details", "title": "Details", "exclusive": False},
        ],
        "labels": [
            {"id": 1, "name": "Shirt", "group": "type"},
            {"id": 2, "name": "Hat", "group": "type"},
            {"id": 3, "name": "Summer", "group": "season"},
            {"id": 4, "name": "Winter", "group": "season"},
            {"id": 5, "name": "Pocket", "group": "details"},
        ],
    }
)


def targets() -> FloatArray:
    """Half of the photos have each label."""
    even = np.arange(PHOTOS) % 2 == 0
    return np.stack([even, ~even, ~even, even, even], axis=1).astype(np.float32)


def data_of(
    labels: FloatArray,
    *,
    test: int = TEST,
    hashes: np.ndarray | None = None,
    colours: np.ndarray | None = None,
) -> TrainingData:
    random = np.random.default_rng(0)
    ends = np.cumsum([TRAIN, VALIDATION, CALIBRATION, test])
    train, validation, calibration, tested = np.split(np.arange(PHOTOS), ends)[:4]
    photo = ProductPhoto(Path("a.jpg"), "1", "", "", frozenset(), frozenset(), None)
    decoded = DecodedDataset(
        photos=(photo,) * PHOTOS,
        pixels=np.zeros((PHOTOS, 3, 1, 1), np.uint8),
        hashes=random.integers(0, 2**63, PHOTOS, np.uint64) if hashes is None else hashes,
        colours=random.integers(0, 256, (PHOTOS, 192), np.uint8) if colours is None else colours,
        problems=(),
    )
    return TrainingData(
        decoded, SPACE, labels, Splits(train, validation, calibration, tested, np.arange(0)),
        DatasetIdentity(source="none", sha256="sha256:0", photos=PHOTOS, products=PHOTOS),
        np.arange(PHOTOS),
    )  # fmt: skip


def seen(picture: Image.Image) -> tuple[int, np.ndarray]:
    each = fingerprint(picture)
    return each.hash64, each.colours


def pictures(*images: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    hashes, colours = zip(*map(seen, images), strict=True)
    return np.array(hashes, np.uint64), np.stack(colours)


def shirt(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(noise).resize((240, 240)).filter(ImageFilter.GaussianBlur(4))


def doubts_of(data: TrainingData) -> list[str]:
    return doubts(data.decoded, data.targets, data.splits, data.label_space)


def test_of_good_data_there_are_no_doubts() -> None:
    assert doubts_of(data_of(targets())) == []


@pytest.mark.parametrize("count", [2, 30, 120])
def test_photos_that_are_all_the_same_are_refused(count: int) -> None:
    photos = pictures(*[shirt(1)] * count)
    with pytest.raises(
        DataInvalid,
        match=f"^All {count} photos are the same picture: there is nothing to learn",
    ):
        require_different_pictures(*photos)


def test_the_same_picture_scaled_or_encoded_anew_is_the_same(tmp_path: Path) -> None:
    shirt(1).save(tmp_path / "a.jpg", quality=40)
    with Image.open(tmp_path / "a.jpg") as anew:
        photos = pictures(shirt(1), shirt(1).resize((150, 150)), anew.convert("RGB"))
    with pytest.raises(DataInvalid, match=r"^All 3 photos to learn from are the same picture"):
        require_different_pictures(*photos, "photos to learn from")


def test_blank_photos_are_the_same_whatever_their_noise() -> None:
    noise = [
        Image.fromarray(np.random.default_rng(seed).integers(250, 256, (64, 64, 3), np.uint8))
        for seed in range(5)
    ]
    with pytest.raises(DataInvalid, match="same picture"):
        require_different_pictures(*pictures(*noise))


def test_one_other_picture_is_enough() -> None:
    require_different_pictures(*pictures(*[shirt(1)] * 20, shirt(2)))
    require_different_pictures(*pictures(Image.new("RGB", (9, 9), "red"), Image.new("RGB", (9, 9))))
    require_different_pictures(*pictures(shirt(1)))


def test_a_placeholder_is_named() -> None:
    data = data_of(targets())
    data.decoded.hashes[:70], data.decoded.colours[:70] = 7, 7
    assert doubts_of(data) == [
        "70 of 120 photos are the same picture, such as a.jpg: if it is a placeholder, leave these "
        "rows out."
    ]


def test_photos_with_the_same_labels_are_named() -> None:
    alike = np.tile(np.array([1, 0, 1, 0, 1], np.float32), (PHOTOS, 1))
    first, *rest = doubts_of(data_of(alike))
    assert first.startswith("All photos have the same labels: there is nothing to tell apart")
    assert rest == [
        "2 of 5 labels have no photo to learn from (Hat 2, Winter 4): they will never be given."
    ]
    alike[::2, :2] = 0, 1
    assert doubts_of(data_of(alike))[0].startswith(
        "All photos have the same labels in Season, Details"
    )


def test_what_is_unknown_is_not_the_same() -> None:
    unknown = targets()
    unknown[:, 2:4] = 1, 0
    unknown[:90, 2:4] = np.nan
    assert not [each for each in doubts_of(data_of(unknown)) if "the same labels" in each]


def test_labels_with_few_photos_are_counted_and_some_are_named() -> None:
    few = targets()
    few[3:, 4] = 0
    assert doubts_of(data_of(few)) == [
        "1 of 5 labels have fewer than 20 photos to learn from (Pocket 5): they will seldom be "
        "right."
    ]


def test_thousands_of_labels_are_one_sentence() -> None:
    names = {str(number): f"Label {number}" for number in range(3000)}
    labels = np.zeros((PHOTOS, 3000), np.float32)
    labels[np.arange(PHOTOS), np.arange(PHOTOS)] = 1
    data = replace(data_of(targets()), label_space=parse_label_space(names), targets=labels)
    assert doubts_of(data) == [
        "2,916 of 3,000 labels have no photo to learn from (Label 84 84, Label 85 85, Label 86 86 "
        "and 2,913 more): they will never be given.",
        "84 of 3,000 labels have fewer than 20 photos to learn from (Label 0 0, Label 1 1, Label 2 "
        "2 and 81 more): they will seldom be right.",
    ]


@pytest.mark.parametrize(
    ("test", "said"),
    [(1, "There is only 1 photo to test on"), (9, "There are only 9 photos to test on")],
)
def test_too_few_test_photos_are_said_with_the_least_count(test: int, said: str) -> None:
    (doubt,) = doubts_of(data_of(targets(), test=test))
    assert doubt == f"{said}: fewer than 10 measure nothing, so no figures will be shown."


def test_groups_without_test_photos_are_named() -> None:
    unknown = targets()
    unknown[-TEST:, 2:4] = np.nan
    assert doubts_of(data_of(unknown)) == [
        "Fewer than 10 photos to test on have a known label in Season: too few to measure."
    ]


def test_test_photos_that_are_all_the_same_are_named() -> None:
    data = data_of(targets())
    data.decoded.hashes[-TEST:], data.decoded.colours[-TEST:] = 7, 7
    (doubt,) = doubts_of(data)
    assert doubt.startswith("All 20 photos to test on are the same picture")
