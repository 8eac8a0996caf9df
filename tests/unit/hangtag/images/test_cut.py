"""Photos of other formats whose end is missing: read if all pixels are there."""

import struct

import numpy as np
import pytest

from hangtag.errors import ImageUndecodable
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


@pytest.mark.parametrize(
    "options",
    [{"xmp": b"<x/>" * 300}, {"exif": camera_exif(), "lossless": True}],
    ids=["xmp", "exif"],
)
@pytest.mark.parametrize("missing_bytes", [1, 500, 1000])
def test_what_follows_the_pixels_of_a_webp_may_be_missing(
    options: dict[str, object], missing_bytes: int
) -> None:
    data = saved(picture(), "WEBP", **options)
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.array_equal(np.asarray(decoded.rgb), pixels(data))


@pytest.mark.parametrize("missing_bytes", [1, 2, 500, 1500])
def test_the_exif_of_a_webp_turns_it_if_its_start_is_there(missing_bytes: int) -> None:
    data = saved(picture(), "WEBP", exif=camera_exif(orientation=6))
    decoded = decode(data[:-missing_bytes])
    assert (decoded.facts.width_px, decoded.facts.height_px) == SIZE[::-1]
    assert np.array_equal(np.asarray(decoded.rgb), pixels(data))


def test_a_cut_webp_that_moves_is_said_to_have_several_frames() -> None:
    data = saved(picture(), "WEBP", save_all=True, append_images=[picture().rotate(180)])
    first, second = data.index(b"ANMF"), data.rindex(b"ANMF")
    assert first < second
    for end in (len(data) - 5, second + 100, second):
        assert set(decode(data[:end]).facts.warnings) == {"several_frames_first_used", "truncated"}
        assert np.array_equal(pixels(data[:end]), pixels(data))


def test_a_webp_without_the_filler_at_its_end_is_read() -> None:
    data = saved(picture(), "WEBP")
    (size,) = struct.unpack_from("<I", data, 16)
    odd = data[:16] + struct.pack("<I", size - size % 2 - 1) + data[20 : 20 + size - size % 2]
    odd = odd[:4] + struct.pack("<I", len(odd) - 8) + odd[8:]
    assert decode(odd).facts.warnings == ()
    assert np.array_equal(pixels(odd[:-1]), pixels(odd))


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "AVIF", "TIFF", "BMP"])
def test_other_formats_are_read_whole_or_refused(image_format: str) -> None:
    data = saved(picture(), image_format)
    for share in (0.03, 0.5):
        with pytest.raises(ImageUndecodable, match="broken or cut short"):
            decode(without_last(data, share))
