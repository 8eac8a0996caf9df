"""JPEGs in which white, zeros, grey and end markers hide what is missing, or only seem to."""

import struct

import numpy as np
import pytest

from hangtag.errors import ImageUndecodable
from tests.unit.hangtag.images.cut_photos import (
    JPEGS,
    PROGRESSIVE,
    SEQUENTIAL,
    SIZE,
    TRUNCATED,
    decode,
    picture,
    pixels,
    product_on_white,
    saved,
    without_last,
)


@pytest.mark.parametrize("name", ["baseline", "progressive"])
@pytest.mark.parametrize("zeros", [100, 50_000])
def test_zeros_that_were_never_written_over_are_no_picture(name: str, zeros: int) -> None:
    """As a download leaves it for which the disk's space was set aside."""
    data = JPEGS[name]
    assert np.array_equal(pixels(data[:-2] + bytes(zeros)), pixels(data))
    assert decode(without_last(data, 0.02) + bytes(zeros)).facts.warnings == TRUNCATED
    with pytest.raises(ImageUndecodable):
        decode(without_last(data, 0.5) + bytes(zeros))


@pytest.mark.parametrize("quality", [60, 75, 90])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing_bytes", [1, 2, 3, 4, 8, 30])
def test_white_below_a_product_is_picture_though_it_is_stored_as_zeros(
    quality: int, progressive: bool, missing_bytes: int
) -> None:
    """As tables made to measure have it."""
    data = saved(
        product_on_white(), "JPEG", quality=quality, optimize=True, progressive=progressive
    )
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    differs = np.abs(np.asarray(decoded.rgb, int) - pixels(data)).max(axis=-1)
    # A product of that size is decoded at half the scale.
    above = differs[:330]
    assert above.mean() < 0.1 if progressive else (above == 0).all()


@pytest.mark.parametrize("zeros", [100, 1000, 5000, 20_000])
def test_zeros_are_no_white_where_more_than_white_was_to_come(zeros: int) -> None:
    image = product_on_white()
    image.paste(picture(size=(200, 200)), (50, 450))
    data = saved(image, "JPEG", optimize=True)
    with pytest.raises(ImageUndecodable, match="cut short: about"):
        decode(without_last(data, 0.5) + bytes(zeros))
    with pytest.raises(ImageUndecodable, match="cut short: about"):
        decode(without_last(data, 0.5).ljust(len(data), b"\0"))


@pytest.mark.parametrize("missing_bytes", [3, 4, 6, 12])
def test_a_progressive_product_on_white_lacks_hardly_anything(missing_bytes: int) -> None:
    """The last bytes of a scan say only that the white has no detail."""
    data = saved(product_on_white(), "JPEG", progressive=True)
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.abs(np.asarray(decoded.rgb, int) - pixels(data)).mean() < 0.1


@pytest.mark.parametrize("name", JPEGS)
def test_an_end_marker_that_was_put_to_a_cut_jpeg_hides_nothing(name: str) -> None:
    """Of a progressive one, if more than the last bits of detail are missing."""
    data = JPEGS[name]
    for share in (0.8,) if name in PROGRESSIVE else (0.5, 0.8):
        with pytest.raises(ImageUndecodable, match="cut short"):
            decode(without_last(data, share) + b"\xff\xd9")
    if name in SEQUENTIAL:
        assert decode(without_last(data, 0.03) + b"\xff\xd9").facts.warnings == TRUNCATED


def test_a_header_that_claims_twice_the_rows_is_found_out() -> None:
    data = JPEGS["baseline"]
    place = data.index(b"\xff\xc0") + 5
    with pytest.raises(ImageUndecodable, match="about 50"):
        decode(data[:place] + struct.pack(">H", 2 * SIZE[1]) + data[place + 2 :])


@pytest.mark.parametrize("name", SEQUENTIAL)
@pytest.mark.parametrize("zeros", [512, 4096])
def test_a_hole_of_zeros_is_found(name: str, zeros: int) -> None:
    data = JPEGS[name]
    for place in (len(data) // 3, len(data) // 2, len(data) * 2 // 3):
        with pytest.raises(ImageUndecodable, match="a hole"):
            decode(data[:place] + bytes(zeros) + data[place + zeros :])


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_zeros_before_an_end_marker_are_no_picture(name: str) -> None:
    data = JPEGS[name]
    half = len(data) // 2
    for zeros in (half, 2 * half, 10 * half):
        with pytest.raises(ImageUndecodable, match="cut short: about"):
            decode(data[:half] + bytes(zeros) + b"\xff\xd9")
    # Some cameras so fill a block of their card.
    assert decode(data[:-2] + bytes(512) + b"\xff\xd9").facts.warnings == ()


@pytest.mark.parametrize("options", [{"optimize": True}, {"progressive": True}, {}])
@pytest.mark.parametrize("quality", [60, 90])
def test_white_that_is_stored_as_zeros_is_no_hole(options: dict[str, bool], quality: int) -> None:
    image = product_on_white((900, 1500))
    image.paste(picture(size=(300, 100)), (300, 1350))
    exif = b"Exif\0\0" + bytes(4096)
    for each in (image, image.convert("L")):
        data = saved(each, "JPEG", quality=quality, exif=exif, **options)
        assert decode(data).facts.warnings == ()
    assert "optimize" not in options or bytes(256) in data[5000:]


@pytest.mark.parametrize("level", [127, 128])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_photo_that_ends_in_grey_is_whole(mode: str, level: int) -> None:
    image = picture()
    image.paste((level,) * 3, (0, SIZE[1] // 2, *SIZE))
    for progressive in (False, True):
        data = saved(image.convert(mode), "JPEG", progressive=progressive)
        assert decode(data).facts.warnings == ()
        assert decode(data + JPEGS["grey"]).facts.warnings == ()
