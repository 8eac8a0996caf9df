"""JPEGs that no library here writes, made byte by byte: the expected colours follow from them."""

import io
import struct
from itertools import product

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import FormatUnsupported
from hangtag.images.decode import ImageLimits, decode_image
from tests.unit.hangtag.images.test_colour import cmyk_profile

# Twelve codes of four bits each, for the number of bits of a difference.
DIFFERENCE_CODES = bytes([0, 0, 0, 12, *[0] * 12, *range(12)])
# One code, of one bit: the rest of the block is zero.
END_OF_BLOCK_CODE = bytes([1, *[0] * 15, 0])
ADOBE = b"Adobe\0\x64\0\0\0\0"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def difference_bits(difference: int) -> str:
    size = abs(difference).bit_length()
    value = difference if difference > 0 else difference + (1 << size) - 1
    return f"{size:04b}" + (f"{value:0{size}b}" if size else "")


def jpeg(
    start_of_frame: int, size: tuple[int, int], components: int, bits: str, *segments: bytes
) -> bytes:
    """A JPEG of one scan; a lossless one if the frame's marker is 0xC3."""
    lossless = start_of_frame == 0xC3
    numbers = range(1, components + 1)
    frame = struct.pack(">BHHB", 8, size[1], size[0], components)
    frame += b"".join(bytes([number, 0x11, 0]) for number in numbers)
    scan = bytes([components]) + b"".join(bytes([number, 0]) for number in numbers)
    # Lossless: each value is a difference from its left neighbour, or from the one above.
    scan += bytes([1, 0, 0] if lossless else [0, 63, 0])
    bits += "1" * (-len(bits) % 8)
    compressed = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"".join(
        [
            b"\xff\xd8",
            *segments,
            segment(0xDB, bytes([0, *[1] * 64])),
            segment(start_of_frame, frame),
            segment(0xC4, b"\0" + DIFFERENCE_CODES),
            segment(0xC4, b"\x10" + END_OF_BLOCK_CODE),
            segment(0xDA, scan),
            compressed,
            b"\xff\xd9",
        ]
    )


def flat_jpeg(stored: tuple[int, ...], *segments: bytes) -> bytes:
    """8 x 8 pixels of one colour, given as the values that the file holds."""
    # The first coefficient of a block is eight times its mean; end of block is the code 0.
    bits = "".join(difference_bits(8 * (value - 128)) + "0" for value in stored)
    return jpeg(0xC0, (8, 8), len(stored), bits, *segments)


def lossless_jpeg(pixels: np.ndarray) -> bytes:
    height, width, components = pixels.shape
    values = pixels.astype(int)
    bits = []
    for y, x, component in product(range(height), range(width), range(components)):
        above = values[y - 1, 0, component] if y else 128
        predicted = values[y, x - 1, component] if x else above
        bits.append(difference_bits(int(values[y, x, component] - predicted)))
    return jpeg(0xC3, (width, height), components, "".join(bits))


def decoded_pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode_image(data, ImageLimits(), 32).rgb)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # As Photoshop writes them: what is stored is how much light is left, not ink.
        (flat_jpeg((255, 0, 0, 255), segment(0xEE, ADOBE + b"\0")), (255, 0, 0)),
        (flat_jpeg((255, 255, 255, 100), segment(0xEE, ADOBE + b"\0")), (100, 100, 100)),
        # YCCK: the first three as luma and chroma of the inks, here (0, 255, 255) and
        # (255, 56, 255).
        (flat_jpeg((179, 171, 1, 255), segment(0xEE, ADOBE + b"\2")), (254, 0, 0)),
        (flat_jpeg((138, 194, 211, 255), segment(0xEE, ADOBE + b"\2")), (1, 199, 0)),
        (flat_jpeg((138, 194, 211, 0), segment(0xEE, ADOBE + b"\2")), (0, 0, 0)),
        # Without the marker it is ink, as printers' programs and PDFs have it.
        (flat_jpeg((0, 255, 255, 0)), (255, 0, 0)),
        (flat_jpeg((0, 0, 0, 155)), (100, 100, 100)),
        # libjpeg heeds no marker that is cut short.
        (flat_jpeg((0, 255, 255, 0), segment(0xEE, ADOBE[:9])), (255, 0, 0)),
        (flat_jpeg((200,)), (200, 200, 200)),
        (flat_jpeg((76, 85, 255)), (254, 0, 0)),
        # Three components that Adobe's marker says are RGB as they are.
        (flat_jpeg((10, 200, 90), segment(0xEE, ADOBE + b"\0")), (10, 200, 90)),
    ],
    ids=["cmyk red", "cmyk black ink", "ycck red", "ycck green", "ycck black", "unmarked red",
         "unmarked black ink", "half a marker", "grey", "ycc", "rgb"],
)  # fmt: skip
def test_colours_are_those_that_the_file_stores(
    data: bytes, expected: tuple[int, int, int]
) -> None:
    pixels = decoded_pixels(data)
    assert pixels.shape == (8, 8, 3)
    assert np.allclose(pixels, expected, atol=1)


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_profile_describes_the_inks_with_and_without_adobes_marker(is_marked: bool) -> None:
    profile = cmyk_profile()
    icc = segment(0xE2, b"ICC_PROFILE\0\1\1" + profile)
    # This press's cyan ink prints red.
    stored = (0, 255, 255, 255) if is_marked else (255, 0, 0, 0)
    data = flat_jpeg(stored, icc, *[segment(0xEE, ADOBE + b"\0")] * is_marked)
    decoded = decode_image(data, ImageLimits(), 32)
    assert decoded.facts.warnings == ("smaller_than_model_input",)
    assert np.allclose(np.asarray(decoded.rgb), (255, 0, 0), atol=6)


@pytest.mark.parametrize(
    ("start_of_frame", "precision", "components", "kind"),
    [(0xC1, 12, 3, "12 bits"), (0xC3, 16, 1, "16 bits"), (0xC0, 8, 2, "2 channels"),
     (0xC5, 8, 3, "several resolutions")],
)  # fmt: skip
def test_kinds_that_nothing_here_reads_are_named(
    start_of_frame: int, precision: int, components: int, kind: str
) -> None:
    data = jpeg(start_of_frame, (8, 8), components, "0" * 8)
    frame = data.index(bytes([0xFF, start_of_frame])) + 4
    data = data[:frame] + bytes([precision]) + data[frame + 1 :]
    with pytest.raises(FormatUnsupported, match=f"This is a JPEG of {kind}"):
        decode_image(data, ImageLimits(), 32)


@pytest.mark.parametrize("components", [1, 3])
def test_lossless_jpegs_are_read_at_full_scale(components: int) -> None:
    """libjpeg cannot reduce them, and fails if it is asked to."""
    ramp = np.indices((20, 600)).sum(axis=0)[..., None]
    pixels = ((ramp + 40 * np.arange(components)) // 3).astype(np.uint8)
    decoded = decoded_pixels(lossless_jpeg(pixels))
    assert decoded.shape == (20, 600, 3)
    assert np.array_equal(decoded[..., :components], pixels)


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"quality": 30}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_large_ones_are_decoded_to_about_the_same_at_a_reduced_scale(
    mode: str, options: dict[str, object]
) -> None:
    x, y = np.meshgrid(np.linspace(0, 255, 1024), np.linspace(0, 255, 768))
    picture = Image.fromarray(np.stack([x, y, (x + y) / 2], axis=-1).astype(np.uint8)).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **{"quality": 90, **options})
    decoded = decode_image(buffer.getvalue(), ImageLimits(), 32).rgb
    assert decoded.size == (128, 96)
    expected = picture.convert("RGB").reduce(8)
    assert np.abs(np.asarray(decoded, int) - np.asarray(expected, int)).mean() < 2
