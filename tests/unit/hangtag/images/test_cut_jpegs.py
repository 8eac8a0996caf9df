"""JPEGs whose end is missing: read if nearly all is there, and said so; otherwise refused."""

import struct
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from hangtag.errors import ImageUndecodable
from hangtag.images.missing_share import MAX_MISSING_SHARE
from tests.unit.hangtag.images.cut_photos import (
    JPEGS,
    PROGRESSIVE,
    SEQUENTIAL,
    SIZE,
    TRUNCATED,
    decode,
    picture,
    pixels,
    saved,
    without_last,
)


@pytest.mark.parametrize("missing_bytes", [1, 2])
@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_without_its_end_marker_gives_every_pixel(name: str, missing_bytes: int) -> None:
    data = JPEGS[name]
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.array_equal(np.asarray(decoded.rgb), pixels(data))


@pytest.mark.parametrize("share", [0.01, 0.03])
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_the_last_rows_of_a_jpeg_may_be_missing_and_are_white(name: str, share: float) -> None:
    whole = pixels(JPEGS[name])
    decoded = decode(without_last(JPEGS[name], share))
    assert decoded.facts.warnings == TRUNCATED
    assert (decoded.facts.width_px, decoded.facts.height_px) == SIZE == decoded.rgb.size
    differs = np.abs(np.asarray(decoded.rgb, int) - whole).max(axis=(1, 2)) > 2
    first = int(np.argmax(differs))
    assert 0.9 * SIZE[1] < first < SIZE[1]
    below = np.asarray(decoded.rgb)[first + 32 :]
    assert (below == 255).all()


@pytest.mark.parametrize("share", [0.01, 0.03])
@pytest.mark.parametrize("name", PROGRESSIVE)
def test_the_last_bits_of_a_progressive_jpeg_may_be_missing(name: str, share: float) -> None:
    decoded = decode(without_last(JPEGS[name], share))
    assert decoded.facts.warnings == TRUNCATED
    assert np.abs(np.asarray(decoded.rgb, int) - pixels(JPEGS[name])).mean() < 1


@pytest.mark.parametrize("share", [0.08, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_of_which_more_is_missing_is_refused(name: str, share: float) -> None:
    with pytest.raises(ImageUndecodable, match="cut short"):
        decode(without_last(JPEGS[name], share))


def test_how_much_is_missing_is_said() -> None:
    with pytest.raises(
        ImageUndecodable, match=r"about (49|5\d)\.\d% of it is missing, more than 5%"
    ):
        decode(without_last(JPEGS["baseline"], 0.5))
    assert MAX_MISSING_SHARE == 0.05


@pytest.mark.parametrize("side_px", [60, 1500])
@pytest.mark.parametrize("progressive", [False, True])
def test_small_and_large_ones_are_measured_alike(side_px: int, progressive: bool) -> None:
    data = saved(picture(size=(side_px, side_px)), "JPEG", progressive=progressive)
    assert "truncated" in decode(data[:-2]).facts.warnings
    assert "truncated" in decode(without_last(data, 0.01)).facts.warnings
    with pytest.raises(ImageUndecodable):
        decode(without_last(data, 0.15))


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_of_one_colour_is_not_taken_for_a_missing_one(
    level: int, progressive: bool
) -> None:
    """What libjpeg puts in place of missing blocks is a grey of 128."""
    data = saved(Image.new("RGB", SIZE, (level,) * 3), "JPEG", progressive=progressive)
    decoded = decode(data[:-2])
    assert decoded.facts.warnings == TRUNCATED
    assert (np.asarray(decoded.rgb) == level).all()


def test_a_cut_lossless_jpeg_is_refused_at_once() -> None:
    components = bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    frame = struct.pack(">HBHHB", 17, 8, 8000, 8000, 3) + components
    table = struct.pack(">HB", 2 + 17 + 12, 0) + bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, *[0] * 7])
    table += bytes(range(12))
    scan = struct.pack(">HB", 12, 3) + bytes([1, 0, 2, 0, 3, 0]) + bytes([1, 0, 0])
    data = b"\xff\xd8\xff\xc3" + frame + b"\xff\xc4" + table + b"\xff\xda" + scan
    started = time.thread_time()
    with pytest.raises(ImageUndecodable, match="lossless JPEG photo is cut short"):
        decode(data + b"\x12\x34" * 50)
    assert time.thread_time() - started < 0.2


def test_what_follows_the_end_of_a_jpeg_cuts_nothing() -> None:
    for tail in (b"", bytes(1000), b"a film" * 100, JPEGS["grey"]):
        assert decode(JPEGS["baseline"] + tail).facts.warnings == ()


def test_a_jpeg_cut_in_its_header_or_between_its_scans_is_refused() -> None:
    for name in ("baseline", "progressive"):
        data = JPEGS[name]
        for end in (10, 200, data.index(b"\xff\xda") + 5):
            with pytest.raises(ImageUndecodable):
                decode(data[:end])
    progressive = JPEGS["progressive"]
    with pytest.raises(ImageUndecodable, match="before its last scan began"):
        decode(progressive[: progressive.rindex(b"\xff\xda")])


def test_a_turned_one_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    data = saved(picture(), "JPEG", exif=exif)
    decoded = np.asarray(decode(without_last(data, 0.03)).rgb, int)
    # The rows that are missing are seen at the top.
    assert (decoded[:8] == 255).all()
    assert np.abs(decoded[40:] - pixels(data)[40:]).max() <= 2


def test_threads_decode_cut_and_broken_ones_beside_each_other() -> None:
    """No switch is thrown that would let a neighbour's broken photo pass."""
    cut, half = without_last(JPEGS["baseline"], 0.02), without_last(JPEGS["baseline"], 0.4)

    def is_read(data: bytes) -> bool:
        try:
            return decode(data).facts.warnings == TRUNCATED
        except ImageUndecodable:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(is_read, [cut, half] * 20)) == [True, False] * 20
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
