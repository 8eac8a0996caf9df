"""PNGs whose end is missing: read if nearly all rows are there, and said so; otherwise refused."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import ImageUndecodable
from hangtag.images.png_chunks import chunk_of, chunks
from tests.unit.hangtag.images.cut_photos import (
    SIZE,
    TRUNCATED,
    camera_exif,
    decode,
    picture,
    pixels,
    saved,
    without_last,
)

# PNG


PNGS: dict[str, bytes] = {
    "rgb": saved(picture(), "PNG"),
    "alpha": saved(picture("RGBA"), "PNG"),
    "grey": saved(picture("L"), "PNG"),
    "grey and alpha": saved(picture("LA"), "PNG"),
    "palette": saved(picture().quantize(64), "PNG"),
    "1 bit": saved(picture("1"), "PNG"),
    "16 bits": saved(Image.fromarray(np.asarray(picture("L"), np.uint16) * 257), "PNG"),
}


@pytest.mark.parametrize("missing_bytes", [1, 12, 16, 18])
@pytest.mark.parametrize("name", PNGS)
def test_a_png_without_its_last_chunk_gives_every_pixel(name: str, missing_bytes: int) -> None:
    decoded = decode(PNGS[name][:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.array_equal(np.asarray(decoded.rgb), pixels(PNGS[name]))


@pytest.mark.parametrize("name", PNGS)
def test_the_last_rows_of_a_png_may_be_missing_and_are_white(name: str) -> None:
    whole = pixels(PNGS[name])
    decoded = decode(without_last(PNGS[name], 0.03))
    assert decoded.facts.warnings == TRUNCATED
    assert (decoded.facts.width_px, decoded.facts.height_px) == SIZE == decoded.rgb.size
    rows = np.asarray(decoded.rgb, int)
    first = int(np.argmax((rows != whole).any(axis=(1, 2))))
    assert 0.95 * SIZE[1] <= first < SIZE[1]
    assert (rows[first:] == 255).all()


@pytest.mark.parametrize("share", [0.08, 0.5, 0.9])
@pytest.mark.parametrize("name", PNGS)
def test_a_png_of_which_more_is_missing_is_refused(name: str, share: float) -> None:
    with pytest.raises(ImageUndecodable, match="PNG photo is cut short: about"):
        decode(without_last(PNGS[name], share))


def in_pieces(data: bytes, piece_bytes: int = 8192, last: bytes = b"") -> bytes:
    """The PNG in IDAT chunks of the size that libpng writes, with a chunk behind them."""
    pixels = b"".join(data[each.start : each.content_end] for each in chunks(data)
                      if each.kind == b"IDAT")  # fmt: skip
    pieces = (pixels[at : at + piece_bytes] for at in range(0, len(pixels), piece_bytes))
    idats = b"".join(chunk_of(b"IDAT", piece) for piece in pieces)
    return data[: data.index(b"IDAT") - 4] + idats + last + chunk_of(b"IEND", b"")


def test_a_png_of_many_chunks_may_be_cut_anywhere_near_its_end() -> None:
    data = in_pieces(saved(picture(size=(600, 400)), "PNG"))
    whole = pixels(data)
    boundary = data.rindex(b"IDAT", 0, -8300) - 4
    for end in (*range(boundary - 6, boundary + 40), *range(boundary + 40, len(data), 501)):
        decoded = decode(data[:end])
        assert decoded.facts.warnings == TRUNCATED
        assert np.array_equal(np.asarray(decoded.rgb)[:370], whole[:370])


def test_a_png_cut_in_what_follows_its_pixels_gives_every_pixel() -> None:
    exif = chunk_of(b"eXIf", camera_exif().removeprefix(b"Exif\0\0"))
    data = in_pieces(PNGS["rgb"], last=exif)
    for missing_bytes in (3, 12, 14, 200, len(exif) + 8, len(exif) + 12, len(exif) + 15):
        decoded = decode(data[:-missing_bytes])
        assert decoded.facts.warnings == TRUNCATED
        assert np.array_equal(np.asarray(decoded.rgb), pixels(PNGS["rgb"]))


@pytest.mark.parametrize("missing_bytes", [1, 14, 16, 500])
def test_the_exif_behind_the_pixels_of_a_png_turns_it_if_its_start_is_there(
    missing_bytes: int,
) -> None:
    exif = chunk_of(b"eXIf", camera_exif(orientation=3).removeprefix(b"Exif\0\0"))
    decoded = decode(in_pieces(PNGS["rgb"], last=exif)[:-missing_bytes])
    assert np.array_equal(np.asarray(decoded.rgb), pixels(PNGS["rgb"])[::-1, ::-1])


def test_a_cut_png_that_moves_is_said_to_have_several_frames() -> None:
    data = saved(picture(), "PNG", save_all=True, append_images=[picture().rotate(180)])
    second = data.index(b"fdAT")
    for end in (len(data) - 5, second + 100, second - 50):
        assert set(decode(data[:end]).facts.warnings) == {"several_frames_first_used", "truncated"}
    assert "several_frames_first_used" in decode(data[: second - 2000]).facts.warnings


@pytest.mark.parametrize("level", [0, 6])
def test_zeros_behind_a_cut_png_are_no_picture(level: int) -> None:
    data = saved(picture("L"), "PNG", compress_level=level)
    assert decode(without_last(data, 0.02) + bytes(50_000)).facts.warnings == TRUNCATED
    with pytest.raises(ImageUndecodable):
        decode(without_last(data, 0.5) + bytes(50_000))


def test_a_png_that_stores_black_as_zeros_is_whole() -> None:
    data = saved(Image.new("RGB", SIZE), "PNG", compress_level=0)
    decoded = decode(data[: -12 - 8])
    assert decoded.facts.warnings == TRUNCATED
    assert (np.asarray(decoded.rgb) == 0).all()


def interlaced(side_px: int) -> bytes:
    """Seven passes of zeros."""
    starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2))  # fmt: skip
    rows = b""
    for left, top, step_x, step_y in starts:
        columns = len(range(left, side_px, step_x))
        rows += (b"\0" + bytes(columns)) * len(range(top, side_px, step_y)) if columns else b""
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 1)
    file = b"\x89PNG\r\n\x1a\n"
    # Level 0: as many bytes as the rows have.
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        file += struct.pack(">I", len(content)) + kind + content + checksum
    return file


@pytest.mark.parametrize("side_px", [1, 3, 5, 250])
def test_an_interlaced_png_lacks_nothing_or_is_refused(side_px: int) -> None:
    data = interlaced(side_px)
    assert "truncated" not in decode(data).facts.warnings
    assert "truncated" in decode(data[:-16]).facts.warnings
    with pytest.raises(ImageUndecodable, match="interlaced PNG photo is cut short"):
        decode(data[:-22])


def test_a_cut_bomb_is_not_blown_up() -> None:
    header = struct.pack(">IIBBBBB", 8000, 8000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    data += struct.pack(">I", zlib.crc32(b"IHDR" + header))
    pixels_of_zeros = zlib.compress(bytes(30_000_000), 9)
    data += struct.pack(">I", len(pixels_of_zeros)) + b"IDAT" + pixels_of_zeros
    with pytest.raises(ImageUndecodable, match="about 53"):
        decode(data)
