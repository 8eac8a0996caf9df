"""The photos that are measured with."""

from pathlib import Path

import pytest
from PIL import Image

from bench.photos import LARGE, SMALL, SMALL_COUNT, find_photos, make_photo_sets
from hangtag.errors import DataInvalid

# What the stock server takes without being told otherwise.
STOCK_MAX_BYTES = 6_553_500


def write_photos(folder: Path, count: int, size: tuple[int, int] = (60, 80)) -> None:
    folder.mkdir()
    for number in range(count):
        Image.new("RGB", size, (3 * number % 256, 90, 200)).save(folder / f"{number:03}.jpg")


def size_px(file: Path) -> tuple[int, int]:
    with Image.open(file) as photo:
        width, height = photo.size
        return width, height


def test_both_sizes(tmp_path: Path) -> None:
    write_photos(tmp_path / "portrait", 2)
    source = sorted((tmp_path / "portrait").iterdir())
    sets = make_photo_sets(source, tmp_path)
    assert size_px(sets[SMALL].files[0]) == (168, 224)
    assert size_px(sets[LARGE].files[0]) == (3000, 4000)
    assert len(sets[SMALL].bodies()) == 2
    assert 10 * sets[SMALL].mean_bytes < sets[LARGE].mean_bytes < STOCK_MAX_BYTES


def test_photos_come_from_all_over_the_folder(tmp_path: Path) -> None:
    write_photos(tmp_path / "mine", 2 * SMALL_COUNT)
    source = find_photos(tmp_path / "mine", tmp_path / "rendered")
    assert source.name == "mine"
    assert [file.name for file in source.files[:2]] == ["000.jpg", "002.jpg"]
    assert len(set(source.files)) == SMALL_COUNT


def test_too_few_photos_are_refused(tmp_path: Path) -> None:
    write_photos(tmp_path / "few", 3)
    with pytest.raises(DataInvalid, match=r"has 3 photos; the benchmark needs 64"):
        find_photos(tmp_path / "few", tmp_path / "rendered")


def test_without_real_photos_they_are_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANGTAG_FASHION_PRODUCTS", str(tmp_path / "missing"))
    source = find_photos(None, tmp_path / "rendered")
    assert source.name == "demo catalogue, rendered photos"
    assert len(set(source.files)) == SMALL_COUNT
