"""The photos as files."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from training.data_report.photo_files import file_figures, read_photo_files


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """A photo, its copy, one of the same length, and two others."""
    sizes = {"first.jpg": (40, 60), "small.png": (20, 30), "large.webp": (400, 300)}
    for name, size in sizes.items():
        Image.new("RGB", size, (200, 30, 40)).save(tmp_path / name)
    shutil.copy(tmp_path / "first.jpg", tmp_path / "copy.jpg")
    content = bytearray((tmp_path / "first.jpg").read_bytes())
    content[13] ^= 1  # the unit of its density
    (tmp_path / "same-length.jpg").write_bytes(content)
    names = ("first.jpg", "same-length.jpg", "small.png", "copy.jpg", "large.webp")
    return [tmp_path / name for name in names]


def test_formats_and_sizes_are_those_of_the_files(paths: list[Path]) -> None:
    files = read_photo_files(paths)
    assert files.formats == ("JPEG", "JPEG", "PNG", "JPEG", "WEBP")
    assert files.sizes_px.tolist() == [[40, 60], [40, 60], [20, 30], [40, 60], [400, 300]]
    assert files.sizes_bytes.tolist() == [path.stat().st_size for path in paths]


def test_copies_are_the_same_byte_for_byte(paths: list[Path]) -> None:
    assert paths[0].stat().st_size == paths[1].stat().st_size
    assert read_photo_files(paths).copies == ((0, 3),)


def test_figures_sum_them_up(paths: list[Path]) -> None:
    figures = file_figures(read_photo_files(paths), model_side_px=100)
    assert figures["formats"] == {"JPEG": 3, "PNG": 1, "WEBP": 1}
    assert figures["smaller_than_model_input"] == 4
    assert (figures["copied_files"], figures["photos_with_copies"]) == (1, 2)
    width = figures["width_px"]
    assert (width["0%"], width["50%"], width["100%"]) == (20, 40, 400)


def test_whatever_can_be_decoded_is_looked_at(tmp_path: Path) -> None:
    """Not all of it is opened by Pillow alone."""
    path = tmp_path / "led.jpg"
    Image.new("RGB", (40, 60), (200, 30, 40)).save(path)
    path.write_bytes(b"\r\n" + path.read_bytes()[:-2])
    # Larger than the usual limits: what was decoded lay within those that were given.
    Image.new("1", (8100, 8000)).save(tmp_path / "large.png")
    files = read_photo_files([path, tmp_path / "large.png"])
    assert files.formats == ("JPEG", "PNG")
    assert files.sizes_px.tolist() == [[40, 60], [8100, 8000]]
