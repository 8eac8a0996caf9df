"""Files with several frames: the first one is used, and no other is even decoded."""

import io
import re
import struct

import numpy as np
import pytest
from PIL import Image

from hangtag.images.decode import DecodedImage, ImageLimits, decode_image
from tests.tiny_tagger import BLUE, GREEN, RED

FORMATS = ["GIF", "PNG", "WEBP", "AVIF", "TIFF"]
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


@pytest.mark.parametrize("image_format", [*FORMATS, "MPO"])
def test_a_single_frame_is_no_animation(image_format: str) -> None:
    assert decode(frames_file(image_format, noise=0)).facts.warnings == ()


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_later_frame_that_is_broken_does_not_matter(image_format: str) -> None:
    data = bytearray(frames_file(image_format))
    # The noise takes nearly all of the file; tables at its very end stay.
    middle = slice(len(data) // 2, len(data) // 2 + 1000)
    data[middle] = bytes(value ^ 0x55 for value in data[middle])
    assert_first_frame(decode(bytes(data)))
    if image_format == "GIF":
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


def decode_one_photo(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.facts.warnings == ()
    assert decoded.facts.width_px == 64
    assert np.allclose(np.asarray(decoded.rgb), RED, atol=TOLERANCE)


def behind_a_photo(second: Image.Image, kind: int) -> bytes:
    """A file of CIPA DC-007 whose second picture is of that kind."""
    buffer = io.BytesIO()
    photo = Image.new("RGB", (64, 64), RED)
    photo.save(buffer, "MPO", save_all=True, append_images=[second], quality=95)
    data = bytearray(buffer.getvalue())
    # The entry of the first picture, and 16 bytes on that of the second.
    entry = re.search(rb"\x00\x00\x03\x00.{4}\x00{8}", data, re.DOTALL)
    assert entry
    struct.pack_into("<L", data, entry.start() + 16, kind)
    return bytes(data)


@pytest.mark.parametrize(
    "kind",
    [0x010001, 0x010002, 0x020001, 0x020002, 0x020003, 0x000000],
    ids=["thumbnail", "large thumbnail", "panorama", "stereo", "angles", "gain map"],
)
@pytest.mark.parametrize("side_px", [16, 1500])
def test_what_a_camera_puts_behind_a_photo_makes_it_no_animation(kind: int, side_px: int) -> None:
    noise = np.random.default_rng(kind).integers(0, 256, (side_px, side_px, 3), np.uint8)
    data = behind_a_photo(Image.fromarray(noise), kind)
    decode_one_photo(data)
    # The second one is cut short.
    decode_one_photo(data[:-200])


def test_a_list_of_pictures_that_is_broken_does_no_harm() -> None:
    data = bytearray(behind_a_photo(Image.new("RGB", (16, 16), BLUE), 0))
    place = data.index(b"MPF\0") + 12
    data[place : place + 8] = b"\xff" * 8
    decode_one_photo(bytes(data))


def test_a_gain_map_makes_a_photo_no_animation() -> None:
    grey = Image.new("L", (16, 16), 90)
    data = behind_a_photo(grey, 0)
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description hdrgm:Version="1.0"/>'
    decode_one_photo(data[:2] + struct.pack(">HH", 0xFFE1, 2 + len(xmp)) + xmp + data[2:])


def test_a_photo_with_another_behind_it_is_reduced_like_any() -> None:
    buffer = io.BytesIO()
    photo, second = Image.new("RGB", (1600, 1200), RED), Image.new("RGB", (800, 600), BLUE)
    photo.save(buffer, "MPO", save_all=True, append_images=[second])
    decoded = decode_image(buffer.getvalue(), ImageLimits(), 100)
    assert decoded.rgb.size == (200, 150)
    assert decoded.facts.warnings == ()
