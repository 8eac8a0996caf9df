"""JPEGs that take long to decode are refused by what their headers say."""

import io
import time

import pytest
from PIL import Image

from chaos.fuzzing.dear_photos import arithmetic_photo, scanned_photo
from hangtag.errors import ImageTooManyPixels
from hangtag.images.decode import read_photo
from hangtag.images.limits import ImageLimits
from hangtag.images.structure import check_structure

LIMITS = ImageLimits(max_image_bytes=100_000_000)


def jpeg(mode: str, side_px: int, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (side_px, side_px), 7).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_very_many_scans_of_very_many_pixels_are_refused_at_once() -> None:
    data = scanned_photo()
    began_s = time.process_time()
    with pytest.raises(ImageTooManyPixels, match="save it as an ordinary JPEG"):
        read_photo(data, LIMITS)
    assert time.process_time() - began_s < 0.2


def test_a_large_photo_that_is_arithmetic_coded_is_refused() -> None:
    with pytest.raises(ImageTooManyPixels, match="so rare a coding"):
        read_photo(arithmetic_photo(4_000), LIMITS)
    small = read_photo(arithmetic_photo(400), LIMITS)
    assert small.decode(224).facts.height_px == 400


@pytest.mark.parametrize(
    ("mode", "options"),
    [("L", {}), ("RGB", {}), ("RGB", {"subsampling": 0}), ("CMYK", {"subsampling": 0})],
)
def test_a_progressive_photo_as_programs_write_it_is_taken_at_any_size(
    mode: str, options: dict[str, object]
) -> None:
    data = jpeg(mode, 8000, progressive=True, **options)
    assert read_photo(data, LIMITS).pixels == 64_000_000


@pytest.mark.parametrize(
    ("mode", "options", "samples_per_pixel"),
    [
        ("L", {}, 1),
        ("RGB", {}, 1.5),
        ("RGB", {"subsampling": 0}, 3),
        ("L", {"progressive": True}, 6),
        # DC twice, AC four times over lightness and three times over colours.
        ("RGB", {"progressive": True}, 8),
        ("CMYK", {"progressive": True, "subsampling": 0}, 24),
    ],
)
def test_a_scan_costs_what_it_goes_over(
    mode: str, options: dict[str, object], samples_per_pixel: float
) -> None:
    structure = check_structure(jpeg(mode, 64, **options), 64_000_000)
    assert structure.samples_per_pixel == samples_per_pixel


def test_a_frame_that_describes_too_few_channels_is_left_to_the_decoder() -> None:
    data = jpeg("RGB", 64)
    frame = data.index(b"\xff\xc0")
    short = data[: frame + 2] + b"\0\x0a" + data[frame + 4 : frame + 12] + data[frame + 19 :]
    assert check_structure(short, 64_000_000).samples_per_pixel == 1
