"""JPEGs that take long to decode are refused by what their headers say."""

import io
import time

import pytest
from PIL import Image

from chaos.fuzzing.dear_photos import arithmetic_photo, scanned_photo
from hangtag.errors import ImageTooManyPixels
from hangtag.images.decode import read_photo
from hangtag.images.limits import ImageLimits

LIMITS = ImageLimits(max_image_bytes=100_000_000)


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


def test_a_progressive_photo_as_programs_write_it_is_taken_at_any_size() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 8000), (3, 5, 7)).save(buffer, "JPEG", progressive=True)
    assert read_photo(buffer.getvalue(), LIMITS).pixels == 64_000_000
