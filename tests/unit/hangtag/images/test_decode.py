import io
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import (
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUndecodable,
    RequestError,
    RequestFailed,
)
from hangtag.images.decode import ImageLimits, Preprocessing, decode_image, read_photo
from tests.tiny_tagger import GREEN, GREY, RED, photo

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
        (Image.new("LA", (9, 9), (100, 255)), (100, 100, 100)),
        (Image.new("P", (9, 9), 0), (0, 0, 0)),
        (Image.fromarray(np.full((9, 9), 30_000, np.uint16)), (117, 117, 117)),
    ],
    ids=[
        "grey",
        "bilevel",
        "transparent",
        "half transparent",
        "grey and alpha",
        "palette",
        "16 bit",
    ],
)
def test_each_mode_becomes_rgb_on_white(image: Image.Image, expected: tuple[int, ...]) -> None:
    assert np.allclose(colour_of(saved(image, "PNG")), expected, atol=1)


def test_palettes_with_transparency_lie_on_white() -> None:
    image = Image.new("P", (9, 9), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    assert colour_of(saved(image, "PNG", transparency=1)) == (255, 255, 255)
    assert colour_of(saved(image, "PNG", transparency=b"\xff\x80")) == (227, 127, 127)
    assert colour_of(saved(image, "GIF", transparency=1)) == (255, 255, 255)


# EXIF orientation -> how a camera held that way stores an upright picture.
STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_turns_the_photo_upright(image_format: str, orientation: int) -> None:
    upright = np.zeros((40, 64, 3), np.uint8)
    upright[:20, :32], upright[:20, 32:], upright[20:, :32] = RED, GREEN, GREY
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    data = saved(stored, image_format, exif=exif, quality=95)
    decoded = decode_image(data, LIMITS, 32)
    assert (decoded.facts.width_px, decoded.facts.height_px) == (64, 40) == decoded.rgb.size
    corners = [decoded.rgb.getpixel(place) for place in ((8, 8), (56, 8), (8, 32), (56, 32))]
    assert np.allclose(np.array(corners), [RED, GREEN, GREY, (0, 0, 0)], atol=8)


@pytest.mark.parametrize(
    ("size", "decoded_size"),
    [
        ((1600, 1200), (200, 150)),
        ((1200, 1600), (150, 200)),
        ((1599, 1200), (400, 300)),
        ((4000, 90), (500, 12)),
        ((399, 399), (399, 399)),
    ],
)
def test_large_jpegs_are_decoded_at_the_smallest_scale_that_keeps_twice_the_models_side(
    size: tuple[int, int], decoded_size: tuple[int, int]
) -> None:
    decoded = decode_image(photo(size=size), LIMITS, 100)
    assert (decoded.facts.width_px, decoded.facts.height_px) == size
    assert decoded.rgb.size == decoded_size


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


def png_chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack("!I", len(data)) + body + struct.pack("!I", zlib.crc32(body))


def png_file(
    size: tuple[int, int], rows: bytes, *chunks: bytes, bits: int = 8, colour_type: int = 2
) -> bytes:
    """A PNG of these rows, each beginning with its filter's number, with chunks before them."""
    header = struct.pack("!IIBBBBB", *size, bits, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + b"".join(chunks)
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60,000 x 60,000 pixels."""
    return png_file((60_000, 60_000), bytes(10_000))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"not a photo", ImageUndecodable),
        (b"\xff\xd8\xff", ImageUndecodable),
        (photo()[:300], ImageUndecodable),
        (photo(format="PNG")[:60], ImageUndecodable),
        (b"%PDF-1.7 ...", FormatUnsupported),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FormatUnsupported),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", FormatUnsupported),
        (bomb(), ImageTooManyPixels),
    ],
    ids=["text", "jpeg head", "cut jpeg", "cut png", "pdf", "svg", "jpeg xl", "bomb"],
)
def test_what_is_no_photo_is_refused_by_its_kind(data: bytes, error: type[RequestFailed]) -> None:
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
        (np.full((9, 9), 0.6, np.float32), 153),
        (np.full((9, 9), 153.0, np.float32), 153),
        (np.full((9, 9), 40_000.0, np.float32), 156),
        (np.full((9, 9), 30_000, np.int32), 117),
        (np.full((9, 9), -5, np.int32), 0),
        (np.full((9, 9), 30_000, np.uint16), 117),
        (np.full((9, 9), 65_535, np.uint16), 255),
    ],
    ids=[
        "float in [0, 1]",
        "float of 8 bits",
        "float of 16 bits",
        "int32 of 16 bits",
        "negative int32",
        "16 bits",
        "white of 16 bits",
    ],
)
def test_deep_tiffs_keep_their_brightness(levels: np.ndarray, grey: int) -> None:
    assert colour_of(saved(Image.fromarray(levels), "TIFF")) == (grey, grey, grey)


def test_levels_that_are_no_numbers_do_not_darken_the_others() -> None:
    levels = np.array([[0.6, np.nan, np.inf, -np.inf]], np.float32)
    rgb = decode_image(saved(Image.fromarray(levels), "TIFF"), LIMITS, 32).rgb
    assert np.asarray(rgb)[0, :, 0].tolist() == [153, 0, 255, 0]


def test_large_deep_and_transparent_photos_are_converted_alike_from_top_to_bottom() -> None:
    levels = np.arange(600 * 400, dtype=np.uint16).reshape(600, 400) % 60_000
    rgb = decode_image(saved(Image.fromarray(levels), "PNG"), LIMITS, 32).rgb
    expected = np.rint(levels * (255 / 65_535)).astype(np.uint8)
    assert np.array_equal(np.asarray(rgb), np.repeat(expected[..., None], 3, axis=2))

    alpha = Image.fromarray((levels % 256).astype(np.uint8))
    rgba = Image.merge("RGBA", [*Image.new("RGB", (400, 600), RED).split(), alpha])
    white = Image.new("RGBA", (400, 600), (255, 255, 255, 255))
    flat = Image.alpha_composite(white, rgba).convert("RGB")
    decoded = decode_image(saved(rgba, "PNG"), LIMITS, 32).rgb
    assert np.array_equal(np.asarray(decoded), np.asarray(flat))


def test_16_bit_pngs_of_every_kind() -> None:
    def png(colour_type: int, samples: tuple[int, ...], *chunks: bytes) -> bytes:
        row = b"\0" + struct.pack(f"!{len(samples)}H", *samples) * 4
        return png_file((4, 4), row * 4, *chunks, bits=16, colour_type=colour_type)

    assert colour_of(png(2, (51_400, 25_700, 0))) == (200, 100, 0)
    assert colour_of(png(6, (51_400, 25_700, 0, 0))) == (255, 255, 255)
    assert colour_of(png(4, (25_700, 65_535))) == (100, 100, 100)
    assert colour_of(png(0, (25_700,))) == (100, 100, 100)
    # The level that this chunk names is transparent.
    assert colour_of(png(0, (25_700,), png_chunk(b"tRNS", struct.pack("!H", 25_700)))) == (
        255, 255, 255,
    )  # fmt: skip


def test_limits_hold_to_the_byte_and_pixel() -> None:
    data = photo(size=(50, 40))
    exact = ImageLimits(max_image_bytes=len(data), max_image_pixels=2000)
    assert decode_image(data, exact, 32).facts.width_px == 50
    with pytest.raises(ImageTooLarge):
        decode_image(data, ImageLimits(max_image_bytes=len(data) - 1), 32)
    with pytest.raises(ImageTooManyPixels, match="50 x 40"):
        decode_image(data, ImageLimits(max_image_pixels=1999), 32)


def test_a_photo_that_pillow_warns_of_is_within_raised_limits() -> None:
    data = io.BytesIO()
    Image.new("1", (9500, 9500)).save(data, "PNG")
    raised = ImageLimits(max_image_pixels=9500 * 9500)
    assert read_photo(data.getvalue(), raised).size == (9500, 9500)


def test_model_input_keeps_proportions_on_white() -> None:
    pixels = Preprocessing(size_px=64).to_model_input(Image.new("RGB", (100, 50), (10, 20, 30)))
    assert pixels.shape == (3, 64, 64)
    assert pixels.dtype == np.uint8
    assert (pixels[:, :16] == 255).all()
    assert (pixels[:, 48:] == 255).all()
    assert (pixels[:, 16:48].reshape(3, -1).T == (10, 20, 30)).all()


@pytest.mark.parametrize("size", [(64, 64), (64, 40), (300, 200), (90, 130), (7, 3)])
def test_model_input_is_the_photo_resized_and_pasted_on_white(size: tuple[int, int]) -> None:
    rgb = Image.effect_noise(size, 80).convert("RGB")
    scale = 64 / max(size)
    width, height = round(size[0] * scale), round(size[1] * scale)
    canvas = Image.new("RGB", (64, 64), (255, 255, 255))
    resized = rgb.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    canvas.paste(resized, ((64 - width) // 2, (64 - height) // 2))
    pixels = Preprocessing(size_px=64).to_model_input(rgb)
    assert np.array_equal(pixels, np.asarray(canvas).transpose(2, 0, 1))
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3000, 2)])
def test_extreme_shapes_still_give_an_input(size: tuple[int, int]) -> None:
    decoded = decode_image(photo(size=size, format="PNG"), LIMITS, 64)
    assert Preprocessing(size_px=64).to_model_input(decoded.rgb).shape == (3, 64, 64)
