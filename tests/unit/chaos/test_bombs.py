import io
import struct

import pytest
from PIL import Image

from chaos.fuzzing import bombs as making
from chaos.fuzzing.bombs import bomb_cases
from hangtag.images.decode import ImageLimits


def test_no_bomb_of_the_short_run_is_refused_for_its_bytes() -> None:
    cases = bomb_cases(short=True)
    assert len(cases) >= 10
    assert all(len(case.request) < ImageLimits().max_image_bytes for case in cases)


def test_a_png_claims_what_it_is_told_to() -> None:
    assert struct.unpack(">II", making.png(65_535, 7)[16:24]) == (65_535, 7)
    assert Image.open(io.BytesIO(making.png(30, 20, rows=20))).getpixel((29, 19)) == (0, 0, 0)


def test_a_gif_has_the_frames_it_is_told_to() -> None:
    with Image.open(io.BytesIO(making.gif((8, 8), (1, 1), frames=7))) as image:
        assert (image.size, getattr(image, "n_frames", 1)) == ((8, 8), 7)


def test_a_tiff_is_a_chain_of_directories() -> None:
    with Image.open(io.BytesIO(making.many_directories(5))) as image:
        assert (image.size, getattr(image, "n_frames", 1)) == ((10, 10), 5)


@pytest.mark.parametrize("scans", [0, 3])
def test_a_jpeg_has_further_scans_and_is_still_a_photo(scans: int) -> None:
    data = making.many_scans(16, scans)
    plain = making.many_scans(16, 0)
    assert data.count(b"\xff\xda") == plain.count(b"\xff\xda") + scans
    assert Image.open(io.BytesIO(data)).convert("RGB").size == (16, 16)


def test_a_bmp_and_a_webp_claim_what_they_are_told_to() -> None:
    assert Image.open(io.BytesIO(making.bmp(12, 34))).size == (12, 34)
    assert making.webp(300, 200)[24:30] == (299).to_bytes(3, "little") + (199).to_bytes(3, "little")
