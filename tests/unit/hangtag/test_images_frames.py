"""Files with several frames: the first one is used, and no other is even decoded."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from hangtag.images import DecodedImage, ImageLimits, decode_image
from tests.tiny_tagger import BLUE, GREEN, RED

FORMATS = ["GIF", "PNG", "WEBP", "AVIF", "TIFF", "MPO"]
# JPEG, WebP and AVIF keep colours only about.
TOLERANCE = 8


def frames_file(image_format: str, noise: int = 1, **options: object) -> bytes:
    """Red, then noise; without any frame in common, so that none is dropped on saving."""
    frames = [Image.new("RGB", (64, 64), RED)]
    for number in range(noise):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
        frames.append(Image.fromarray(pixels))
    buffer = io.BytesIO()
    frames[0].save(buffer, image_format, save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def decode(data: bytes) -> DecodedImage:
    return decode_image(data, ImageLimits(), 32)


def assert_first_frame(decoded: DecodedImage) -> None:
    assert decoded.facts.warnings == ("several_frames_first_used",)
    assert np.allclose(np.asarray(decoded.rgb), RED, atol=TOLERANCE)


@pytest.mark.parametrize("image_format", FORMATS)
def test_the_first_frame_is_used_and_said_so(image_format: str) -> None:
    assert_first_frame(decode(frames_file(image_format, noise=3)))


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_single_frame_is_no_animation(image_format: str) -> None:
    assert decode(frames_file(image_format, noise=0)).facts.warnings == ()


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_later_frame_that_is_broken_does_not_matter(image_format: str) -> None:
    data = bytearray(frames_file(image_format))
    # The noise takes nearly all of the file; tables at its very end stay.
    middle = slice(len(data) // 2, len(data) // 2 + 1000)
    data[middle] = bytes(value ^ 0x55 for value in data[middle])
    assert_first_frame(decode(bytes(data)))
    if image_format in ("GIF", "MPO"):
        assert_first_frame(decode(bytes(data[: len(data) // 2])))


def test_a_default_picture_outside_the_animation_is_the_first() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), RED).save(
        buffer,
        "PNG",
        save_all=True,
        default_image=True,
        append_images=[Image.new("RGB", (64, 64), colour) for colour in (GREEN, BLUE)],
    )
    assert_first_frame(decode(buffer.getvalue()))


def test_no_directory_of_a_tiff_but_the_first_is_read() -> None:
    """Walking all of them takes a time that grows with the square of their number."""
    data = bytearray(frames_file("TIFF"))
    (first,) = struct.unpack_from("<I", data, 4)
    (tag_count,) = struct.unpack_from("<H", data, first)
    # The second directory lies where there is none.
    struct.pack_into("<I", data, first + 2 + 12 * tag_count, len(data) + 1000)
    assert_first_frame(decode(bytes(data)))


def test_what_follows_the_only_frame_of_a_gif_does_not_matter() -> None:
    data = frames_file("GIF", noise=0)
    # A graphic control that is too short.
    decoded = decode(data[:-1] + b"!\xf9\1\1\0;")
    assert decoded.facts.warnings == ()
    assert np.allclose(np.asarray(decoded.rgb), RED, atol=TOLERANCE)
