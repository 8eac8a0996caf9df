"""The decoded photos and their cache."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import DiskFull
from hangtag.images.decode import ImageLimits, Preprocessing, decode_image
from training.data import (
    Crop,
    Dataset,
    DecodedDataset,
    decode_dataset,
    photos,
    read_dataset,
)
from training.data.pixel_file import PixelFile

PREPROCESSING = Preprocessing(size_px=48)
REPOSITORY = Path(__file__).parents[4]


@pytest.fixture
def dataset(folder: Path) -> Dataset:
    rows = "".join(f"{number}.jpg,412\n" for number in range(8))
    (folder / "products.csv").write_text("image,labels\n" + rows)
    return read_dataset(folder)


@pytest.fixture
def cache_folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def decode(dataset: Dataset, cache_folder: Path, **changes: Any) -> DecodedDataset:
    settings = {"preprocessing": PREPROCESSING, "limits": ImageLimits(), "workers": 1}
    return decode_dataset(dataset, cache_folder=cache_folder, **{**settings, **changes})


def test_pixels_are_what_serving_would_see(dataset: Dataset, cache_folder: Path) -> None:
    decoded = decode(dataset, cache_folder)
    assert decoded.pixels.shape == (8, 3, 48, 48)
    for photo, pixels in zip(decoded.photos, decoded.pixels, strict=True):
        rgb = decode_image(photo.path.read_bytes(), ImageLimits(), PREPROCESSING.size_px).rgb
        np.testing.assert_array_equal(pixels, PREPROCESSING.to_model_input(rgb))
    assert decoded.hashes.dtype == np.uint64
    assert len(np.unique(decoded.hashes)) == 8
    assert decoded.colours.shape == (8, 192)


def test_pixels_are_read_only_and_on_disk(dataset: Dataset, cache_folder: Path) -> None:
    pixels = decode(dataset, cache_folder).pixels
    assert isinstance(pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pixels[0] = 0


def test_processes_give_the_same(
    dataset: Dataset, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = decode(dataset, cache_folder / "alone")
    monkeypatch.setattr(photos, "_PHOTOS_PER_CHUNK", 3)
    together = decode(dataset, cache_folder / "together", workers=2)
    np.testing.assert_array_equal(alone.pixels, together.pixels)
    np.testing.assert_array_equal(alone.hashes, together.hashes)
    np.testing.assert_array_equal(alone.colours, together.colours)


def test_broken_photos_are_problems_and_leave_no_gap(dataset: Dataset, cache_folder: Path) -> None:
    whole = decode(dataset, cache_folder)
    dataset.photos[2].path.write_bytes(b"no photo")
    dataset.photos[5].path.write_bytes(dataset.photos[5].path.read_bytes()[:300])
    for _ in ("decoded", "from the cache"):
        decoded = decode(dataset, cache_folder)
        assert [problem.kind for problem in decoded.problems] == ["broken_photo"] * 2
        assert decoded.problems[0].where == str(dataset.photos[2].path)
        good = [0, 1, 3, 4, 6, 7]
        assert decoded.photos == tuple(dataset.photos[row] for row in good)
        np.testing.assert_array_equal(decoded.pixels, whole.pixels[good])
        np.testing.assert_array_equal(decoded.hashes, whole.hashes[good])


def test_no_photo_is_readable(dataset: Dataset, cache_folder: Path) -> None:
    for photo in dataset.photos:
        photo.path.write_bytes(b"")
    decoded = decode(dataset, cache_folder)
    assert (len(decoded.problems), decoded.pixels.shape) == (8, (0, 3, 48, 48))


def test_limits_hold_in_training_too(dataset: Dataset, cache_folder: Path) -> None:
    decoded = decode(dataset, cache_folder, limits=ImageLimits(max_image_pixels=100))
    assert len(decoded.problems) == 8
    assert "160 x 160 pixels" in decoded.problems[0].detail


def test_the_second_run_decodes_nothing(
    dataset: Dataset, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = decode(dataset, cache_folder)
    monkeypatch.setattr(photos, "decode_chunk", None)
    second = decode(dataset, cache_folder)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert second.photos == first.photos


def test_what_changes_the_pixels_misses_the_cache(dataset: Dataset, cache_folder: Path) -> None:
    decode(dataset, cache_folder)
    decode(dataset, cache_folder, preprocessing=Preprocessing(size_px=64))
    decode(dataset, cache_folder, limits=ImageLimits(max_image_bytes=1_000_000))
    os.utime(dataset.photos[0].path, ns=(1, 1))
    decode(dataset, cache_folder)
    assert len(list(cache_folder.iterdir())) == 4


def cropped(dataset: Dataset, crop: Crop | None) -> Dataset:
    photos = (replace(dataset.photos[0], crop=crop), *dataset.photos[1:])
    return replace(dataset, photos=photos)


def test_a_crop_is_taken_before_preprocessing(dataset: Dataset, cache_folder: Path) -> None:
    crop = (20, 10, 90, 150)
    decoded = decode(cropped(dataset, crop), cache_folder)
    with Image.open(dataset.photos[0].path) as whole:
        expected = PREPROCESSING.to_model_input(whole.convert("RGB").crop(crop))
    np.testing.assert_array_equal(decoded.pixels[0], expected)
    assert decoded.hashes[0] != decode(dataset, cache_folder).hashes[0]


def test_a_crop_of_a_large_photo_keeps_its_detail(dataset: Dataset, cache_folder: Path) -> None:
    """JPEGs are otherwise decoded at a reduced scale."""
    path = dataset.photos[0].path
    with Image.open(path) as photo:
        photo.resize((1600, 1600)).save(path)
    crop = (1100, 300, 1148, 340)
    with Image.open(path) as whole:
        expected = PREPROCESSING.to_model_input(whole.crop(crop))
    pixels = decode(cropped(dataset, crop), cache_folder).pixels[0]
    np.testing.assert_array_equal(pixels, expected)


def test_a_crop_is_of_the_upright_photo(dataset: Dataset, cache_folder: Path) -> None:
    path = dataset.photos[0].path
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as photo:
        photo.resize((160, 80)).save(path, exif=exif)
    decoded = decode(cropped(dataset, (0, 100, 80, 160)), cache_folder)
    with Image.open(path) as lying:
        upright = lying.transpose(Image.Transpose.ROTATE_270)
    expected = PREPROCESSING.to_model_input(upright.crop((0, 100, 80, 160)))
    np.testing.assert_array_equal(decoded.pixels[0], expected)


@pytest.mark.parametrize(
    "crop",
    [(10, 40, 10, 90), (90, 10, 20, 150), (0, 0, 161, 160), (-1, 0, 90, 90), (170, 0, 200, 90)],
)
def test_a_crop_that_is_empty_or_outside_is_not_heeded(
    dataset: Dataset, cache_folder: Path, crop: Crop
) -> None:
    whole = decode(dataset, cache_folder)
    decoded = decode(cropped(dataset, crop), cache_folder)
    np.testing.assert_array_equal(decoded.pixels, whole.pixels)


def test_another_crop_misses_the_cache(dataset: Dataset, cache_folder: Path) -> None:
    for crop in (None, (20, 10, 90, 150), (20, 10, 90, 140), (20, 10, 90, 150)):
        decode(cropped(dataset, crop), cache_folder)
    assert len(list(cache_folder.iterdir())) == 3


def test_a_full_disk_is_named_and_nothing_is_left(
    dataset: Dataset, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PixelFile, "write_rows", fill)
    with pytest.raises(DiskFull, match=f"^No space left on {cache_folder} "):
        decode(dataset, cache_folder)
    assert list(cache_folder.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), KeyboardInterrupt()])
def test_what_stops_the_run_passes_and_leaves_nothing(
    dataset: Dataset,
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    def stop(*_: object) -> None:
        raise error

    monkeypatch.setattr(PixelFile, "write_rows", stop)
    with pytest.raises(type(error)) as caught:
        decode(dataset, cache_folder)
    assert caught.value is error
    assert list(cache_folder.iterdir()) == []


KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from hangtag.images.decode import ImageLimits, Preprocessing
from training.data import decode_dataset, read_dataset
from training.data.pixel_file import PixelFile

PixelFile.keep_rows = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
folder, cache = map(Path, sys.argv[1:])
decode_dataset(read_dataset(folder), Preprocessing(size_px=48), ImageLimits(), cache, workers=1)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_leaves_nothing_that_looks_finished(
    dataset: Dataset, folder: Path, cache_folder: Path
) -> None:
    command = [sys.executable, "-c", KILLED_RUN, str(folder), str(cache_folder)]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert all(left.name.startswith(".partial-") for left in cache_folder.iterdir())
    assert len(decode(dataset, cache_folder).photos) == 8


def test_two_runs_at_once_end_with_one_cache(
    dataset: Dataset, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_gaps = PixelFile.keep_rows

    def overtaken(file: PixelFile, rows: list[int]) -> None:
        monkeypatch.setattr(PixelFile, "keep_rows", close_gaps)
        decode(dataset, cache_folder)
        close_gaps(file, rows)

    monkeypatch.setattr(PixelFile, "keep_rows", overtaken)
    assert len(decode(dataset, cache_folder).photos) == 8
    assert len(list(cache_folder.iterdir())) == 1
