"""HEIC photos: read where pi-heif is installed, refused by name elsewhere."""

import logging
import struct

import numpy as np
import pytest

from hangtag.errors import FormatUnsupported, ImageTooManyPixels, ImageUndecodable
from hangtag.images.decode import Preprocessing, decode_image, read_photo
from hangtag.images.decoder_process import DecoderProcess
from hangtag.images.limits import ImageLimits
from tests.tiny_tagger import BLUE, GREEN, GREY, RED
from tests.unit.hangtag.images.heic_files import LARGE, QUARTERS, TURNED, TWO

LIMITS, SIZE = ImageLimits(), Preprocessing(size_px=64)
# An item whose kind nobody knows: pi-heif 1.4 crashes when it opens the file.
CRASHES = TURNED.replace(b"Exif", b"Exi\x8f", 1)


@pytest.fixture
def installed() -> None:
    pytest.importorskip("pi_heif", reason="the extra `heif` is not installed")


def corners(data: bytes) -> list[list[int]]:
    """Upper left, upper right, lower left, lower right."""
    rgb = np.asarray(decode_image(data, LIMITS, 32).rgb, np.int16)
    return [rgb[place].tolist() for place in ((8, 8), (8, -8), (-8, 8), (-8, -8))]


def claiming(data: bytes, width: int, height: int) -> bytes:
    """A file that says its picture has another size."""
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", width, height) + data[place + 8 :]


@pytest.mark.usefixtures("installed")
class TestInstalled:
    def test_its_colours_are_read(self) -> None:
        assert np.allclose(corners(QUARTERS), [RED, GREEN, BLUE, GREY], atol=4)
        assert decode_image(QUARTERS, LIMITS, 32).facts.warnings == ()

    @pytest.mark.parametrize("brand", [b"heix", b"mif1", b"msf1"])
    def test_under_any_brand_that_has_it_inside(self, brand: bytes) -> None:
        data = QUARTERS[:8] + brand + QUARTERS[12:16] + b"heic" + QUARTERS[20:]
        assert np.allclose(corners(data), [RED, GREEN, BLUE, GREY], atol=4)

    def test_it_is_turned_once_though_exif_says_so_too(self) -> None:
        assert np.allclose(corners(TURNED), [BLUE, RED, GREY, GREEN], atol=4)
        facts = decode_image(TURNED, LIMITS, 32).facts
        assert (facts.width_px, facts.height_px) == (64, 96)

    def test_of_several_the_files_own_is_used(self) -> None:
        assert np.allclose(corners(TWO), [RED, GREEN, BLUE, GREY], atol=4)
        warnings = decode_image(TWO, LIMITS, 32).facts.warnings
        assert warnings == ("several_frames_first_used",)

    def test_one_with_too_many_pixels_is_refused_by_its_header(self) -> None:
        with pytest.raises(ImageTooManyPixels, match="9000 x 9000 pixels"):
            read_photo(claiming(QUARTERS, 9000, 9000), LIMITS)

    @pytest.mark.parametrize("size", [(100, 100), (7000, 9000), (8000, 0)])
    def test_one_that_is_not_as_large_as_it_says_is_refused(self, size: tuple[int, int]) -> None:
        with pytest.raises(ImageUndecodable, match=r"[^\n]*; send it again\.$"):
            decode_image(claiming(LARGE, *size), LIMITS, 32)

    @pytest.mark.parametrize(
        "data",
        [QUARTERS[:24], QUARTERS[:-200], QUARTERS.replace(b"ispe", b"isqe"), TWO[:60] + TWO[80:]],
        ids=["beginning", "without its end", "without a size", "with a hole"],
    )
    def test_a_broken_one_is_refused(self, data: bytes) -> None:
        with pytest.raises(ImageUndecodable, match=r"is broken or cut short.*; send it again\.$"):
            decode_image(data, LIMITS, 32)

    def test_one_of_absurdly_many_boxes_is_refused(self) -> None:
        with pytest.raises(ImageUndecodable, match="absurdly many boxes"):
            read_photo(QUARTERS + struct.pack(">I4s", 8, b"free") * 5000, LIMITS)

    def test_one_at_which_its_decoder_crashes_is_refused(self) -> None:
        assert read_photo(CRASHES, LIMITS).size == (96, 64)
        decoder = DecoderProcess()
        with pytest.raises(ImageUndecodable, match="its decoder breaks down"):
            decoder.decode(CRASHES, LIMITS, SIZE)
        turned = decoder.decode(TURNED, LIMITS, SIZE)
        decoder.close()
        assert turned.facts == decode_image(TURNED, LIMITS, SIZE.size_px).facts

    def test_other_refusals_name_it_among_what_is_read(self) -> None:
        with pytest.raises(FormatUnsupported, match="send JPEG, HEIC, PNG, "):
            read_photo(b"%PDF-1.7", LIMITS)


@pytest.mark.usefixtures("without_heic")
class TestNotInstalled:
    def test_it_is_refused_by_name_and_the_operator_is_told_why(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                with pytest.raises(FormatUnsupported) as caught:
                    read_photo(QUARTERS, LIMITS)
        assert str(caught.value) == (
            "This is a HEIC photo; send JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF."
        )
        assert caplog.messages == [
            "HEIC photos are refused: they are read where hangtag[heif] is installed"
        ]

    def test_other_refusals_do_not_name_it(self, caplog: pytest.LogCaptureFixture) -> None:
        with pytest.raises(FormatUnsupported, match="send JPEG, PNG, "):
            read_photo(b"%PDF-1.7", LIMITS)
        assert not caplog.messages
