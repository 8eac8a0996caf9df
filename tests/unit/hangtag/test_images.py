from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import (
    FormatUnsupported,
    HangtagError,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUndecodable,
    RequestError,
)
from hangtag.images import ImageLimits, Preprocessing, decode_image
from tests.tiny_tagger import GREEN, RED, photo

LIMITS = ImageLimits()


def saved(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def colour_of(data: bytes) -> tuple[int, ...]:
    """The mean colour as it is seen after decoding."""
    pixels = np.asarray(decode_image(data, LIMITS, 32).rgb)
    return tuple(round(value) for value in pixels.reshape(-1, 3).mean(axis=0))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_each_supported_format_is_read(image_format: str) -> None:
    data = saved(Image.new("RGB", (40, 30), (200, 40, 40)), image_format)
    assert np.allclose(colour_of(data), (200, 40, 40), atol=6)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (9, 9), 77), (77, 77, 77)),
        (Image.new("1", (9, 9), 1), (255, 255, 255)),
        (Image.new("LA", (9, 9), (0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (9, 9), (255, 0, 0, 128)), (255, 127, 127)),
        (Image.new("P", (9, 9), 0), (0, 0, 0)),
        (Image.fromarray(np.full((9, 9), 30_000, np.uint16)), (117, 117, 117)),
    ],
    ids=["grey", "bilevel", "transparent", "half transparent", "palette", "16 bit"],
)
def test_each_mode_becomes_rgb_on_white(image: Image.Image, expected: tuple[int, ...]) -> None:
    assert np.allclose(colour_of(saved(image, "PNG")), expected, atol=1)


def test_cmyk_jpeg_becomes_rgb() -> None:
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    red, green, blue = colour_of(data)
    assert red > 200 > 60 > max(green, blue)


def test_exif_orientation_turns_the_photo_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode_image(photo(size=(60, 40), exif=exif), LIMITS, 32)
    assert (decoded.facts.width_px, decoded.facts.height_px) == (40, 60) == decoded.rgb.size


def test_large_jpegs_are_decoded_at_a_reduced_scale_but_report_their_size() -> None:
    decoded = decode_image(photo(size=(1600, 1200)), LIMITS, 100)
    assert (decoded.facts.width_px, decoded.facts.height_px) == (1600, 1200)
    assert min(decoded.rgb.size) >= 200
    assert max(decoded.rgb.size) <= 400


def test_first_frame_of_an_animation_is_used_and_said_so() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, GREEN)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    decoded = decode_image(data, LIMITS, 32)
    assert decoded.facts.warnings == ("several_frames_first_used",)
    assert np.allclose(np.asarray(decoded.rgb)[0, 0], RED, atol=3)


def test_a_photo_smaller_than_the_input_is_warned_of() -> None:
    assert decode_image(photo(size=(20, 20)), LIMITS, 32).facts.warnings == (
        "smaller_than_model_input",
    )


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack("!I", len(data)) + body + struct.pack("!I", zlib.crc32(body))

    header = struct.pack("!IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"not a photo", ImageUndecodable),
        (b"\xff\xd8\xff", ImageUndecodable),
        (photo()[:300], ImageUndecodable),
        (photo(format="PNG")[:60], ImageUndecodable),
        (b"%PDF-1.7 ...", FormatUnsupported),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FormatUnsupported),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", FormatUnsupported),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", FormatUnsupported),
        (bomb(), ImageTooManyPixels),
    ],
    ids=["text", "jpeg head", "cut jpeg", "cut png", "pdf", "svg", "heic", "jpeg xl", "bomb"],
)
def test_what_is_no_photo_is_refused_by_its_kind(data: bytes, error: type[HangtagError]) -> None:
    with pytest.raises(error) as raised:
        decode_image(data, LIMITS, 32)
    assert type(raised.value) is error


def mutations(seed: bytes, count: int) -> Iterator[bytes]:
    """Copies with some bytes overwritten, cut off, or both."""
    random = np.random.default_rng(len(seed))
    for _ in range(count):
        data = bytearray(seed)
        for position in random.integers(0, len(data), random.integers(1, 40)):
            data[position] = random.integers(0, 256)
        yield bytes(data[: random.integers(len(data) // 2, len(data) + 1)])


def animation(image_format: str) -> bytes:
    frames = [Image.new("RGB", (40, 30), colour) for colour in (RED, GREEN, (9, 9, 200))]
    return saved(frames[0], image_format, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    "seed",
    [
        saved(Image.new("RGB", (40, 30), RED), "TIFF"),
        saved(Image.new("L", (40, 30), 9), "TIFF", compression="tiff_lzw"),
        animation("TIFF"),
        saved(Image.new("RGB", (40, 30), RED), "AVIF"),
        animation("AVIF"),
        animation("GIF"),
        animation("WEBP"),
        saved(Image.new("P", (40, 30), 3), "PNG"),
        saved(Image.new("CMYK", (40, 30), (9, 99, 9, 9)), "JPEG", progressive=True),
        saved(Image.new("RGB", (40, 30), RED), "BMP"),
    ],
    ids=["tiff", "lzw tiff", "tiff pages", "avif", "moving avif", "moving gif", "moving webp",
         "palette png", "progressive cmyk jpeg", "bmp"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_whatever_is_broken_only_the_contracts_errors_come_out(seed: bytes) -> None:
    refusals = [is_refused(data) for data in mutations(seed, 150)]
    assert any(refusals)


def is_refused(data: bytes) -> bool:
    try:
        decode_image(data, LIMITS, 32)
    except RequestError:
        return True
    return False


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_metadata_does_not_make_a_photo_unreadable() -> None:
    # One EXIF entry: the orientation (0x0112), as text (type 2) where a number belongs.
    entry = struct.pack("<HHHI4sI", 1, 0x0112, 2, 4, b"top\x00", 0)
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + entry
    for data in (photo(exif=exif), photo(format="PNG", exif=b"Exif\x00\x00II*\x00junk")):
        assert decode_image(data, LIMITS, 32).facts.width_px == 48


@pytest.mark.parametrize(
    ("levels", "grey"),
    [
        (np.full((9, 9), 0.5, np.float32), 127),
        (np.full((9, 9), 40_000.0, np.float32), 155),
        (np.full((9, 9), 30_000, np.int32), 116),
    ],
    ids=["float in [0, 1]", "float of 16 bits", "int32 of 16 bits"],
)
def test_deep_tiffs_keep_their_brightness(levels: np.ndarray, grey: int) -> None:
    assert colour_of(saved(Image.fromarray(levels), "TIFF")) == (grey, grey, grey)


def test_limits_hold_to_the_byte_and_pixel() -> None:
    data = photo(size=(50, 40))
    exact = ImageLimits(max_image_bytes=len(data), max_image_pixels=2000)
    assert decode_image(data, exact, 32).facts.width_px == 50
    with pytest.raises(ImageTooLarge):
        decode_image(data, ImageLimits(max_image_bytes=len(data) - 1), 32)
    with pytest.raises(ImageTooManyPixels, match="50 x 40"):
        decode_image(data, ImageLimits(max_image_pixels=1999), 32)


def test_model_input_keeps_proportions_on_white() -> None:
    pixels = Preprocessing(size_px=64).to_model_input(Image.new("RGB", (100, 50), (10, 20, 30)))
    assert pixels.shape == (3, 64, 64)
    assert pixels.dtype == np.uint8
    assert (pixels[:, :16] == 255).all()
    assert (pixels[:, 48:] == 255).all()
    assert (pixels[:, 16:48].reshape(3, -1).T == (10, 20, 30)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3000, 2)])
def test_extreme_shapes_still_give_an_input(size: tuple[int, int]) -> None:
    decoded = decode_image(photo(size=size, format="PNG"), LIMITS, 64)
    assert Preprocessing(size_px=64).to_model_input(decoded.rgb).shape == (3, 64, 64)
