"""Photos that are legal: what refuses them is what they cost, and not that they are broken."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from chaos.fuzzing.broken_tiffs import broken_tiffs
from chaos.fuzzing.dear_photos import arithmetic_photo, scanned_photo
from chaos.fuzzing.large_photos import large_photos
from hangtag.images.limits import ImageLimits

LIMITS = ImageLimits()


def test_an_arithmetic_photo_can_be_decoded() -> None:
    with Image.open(io.BytesIO(arithmetic_photo(64))) as image:
        # This coding cannot be decoded piece by piece.
        image.decodermaxblock = 1 << 30
        image.load()
        assert image.size == (4000, 64)
        # Noise all over it, down to the last row.
        assert len(set(image.crop((0, 56, 64, 64)).tobytes())) > 30


def test_a_photo_of_many_scans_is_below_all_limits() -> None:
    photo = scanned_photo()
    assert photo.count(b"\xff\xda") == 86
    assert len(photo) < LIMITS.max_image_bytes / 50
    with Image.open(io.BytesIO(photo)) as image:
        assert image.width * image.height <= LIMITS.max_image_pixels


@pytest.mark.parametrize("name", ["jpeg-cmyk", "jpeg-progressive"])
def test_large_photos_are_as_large_as_they_may_be(name: str) -> None:
    make: Callable[[], bytes] = large_photos()[name]
    photo = make()
    assert len(photo) < LIMITS.max_image_bytes
    with Image.open(io.BytesIO(photo)) as image:
        assert image.width * image.height == LIMITS.max_image_pixels


def test_broken_tiffs_are_still_tiffs() -> None:
    photos = list(broken_tiffs(2))
    assert len(set(photos)) == len(photos) == 8
    assert {Image.open(io.BytesIO(each)).size for each in photos} == {(256, 256)}
