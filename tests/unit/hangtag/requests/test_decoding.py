"""Where each photo is decoded, and how many at the same time."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest
from PIL import Image

import hangtag.requests.decoding as module
from hangtag.errors import ImageTooManyPixels, RequestError
from hangtag.images.decode import Preprocessing
from hangtag.images.decoder_child import ModelInput
from hangtag.images.decoder_process import DecoderProcess
from hangtag.images.limits import ImageLimits
from hangtag.requests.decoding import PhotoDecoder
from hangtag.requests.product import Product
from hangtag.settings import TaggerSettings
from tests.unit.hangtag.images.heic_files import QUARTERS

SMALL, LARGE = (300, 200), (5100, 4500)
needs_heic = pytest.mark.skipif(
    not find_spec("pi_heif"), reason="the extra `heif` is not installed"
)


def photo(kind: str, size: tuple[int, int] = SMALL, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (20, 90, 200)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def decoder() -> Iterator[PhotoDecoder]:
    with PhotoDecoder(Preprocessing(size_px=64), TaggerSettings(decode_threads=2)) as decoder:
        yield decoder


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The photos that are decoded in a process of their own."""
    sent: list[bytes] = []
    real = DecoderProcess.decode

    def decode(
        self: DecoderProcess, data: bytes, limits: ImageLimits, preprocessing: Preprocessing
    ) -> ModelInput:
        sent.append(data)
        return real(self, data, limits, preprocessing)

    monkeypatch.setattr(DecoderProcess, "decode", decode)
    return sent


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """How often a photo waited for its turn on the machine."""
    taken: list[None] = []

    @contextmanager
    def machine_turn() -> Iterator[None]:
        taken.append(None)
        yield

    monkeypatch.setattr(module, "machine_turn", machine_turn)
    return taken


def decode(decoder: PhotoDecoder, *photos: bytes) -> list[int]:
    decoded = decoder.finish(decoder.start(Product(list(photos))))
    return [each.facts.width_px for each in decoded.photos]


@pytest.mark.parametrize(
    ("data", "is_apart", "is_large"),
    [
        (photo("JPEG"), False, False),
        (photo("PNG"), False, False),
        (photo("TIFF"), True, False),
        pytest.param(QUARTERS, True, False, marks=needs_heic),
        (photo("JPEG", LARGE), False, False),
        (photo("JPEG", LARGE, progressive=True), True, True),
        (photo("PNG", LARGE), True, True),
        (photo("GIF", LARGE), False, False),
        (photo("WEBP", LARGE, method=0), True, True),
        (photo("TIFF", LARGE, compression="tiff_lzw"), True, True),
    ],
    ids=[
        "jpeg",
        "png",
        "tiff",
        "heic",
        "large jpeg",
        "progressive",
        "large png",
        "large gif",
        "webp",
        "large tiff",
    ],
)
def test_large_photos_and_tiffs_are_decoded_apart(
    decoder: PhotoDecoder,
    apart: list[bytes],
    turns: list[None],
    data: bytes,
    is_apart: bool,
    is_large: bool,
) -> None:
    (width_px,) = decode(decoder, data)
    assert width_px in (SMALL[0], LARGE[0], 96)
    assert apart == [data] * is_apart
    assert len(turns) == is_large


def test_a_products_photos_stay_in_order(decoder: PhotoDecoder, apart: list[bytes]) -> None:
    sizes = [(100 + number, 50) for number in range(6)]
    kinds = ["PNG", "TIFF", "JPEG"] * 2
    photos = [photo(kind, size) for kind, size in zip(kinds, sizes, strict=True)]
    assert decode(decoder, *photos) == [width for width, _ in sizes]
    assert len(apart) == 2


def test_what_is_wrong_with_a_photo_is_said_of_that_photo(decoder: PhotoDecoder) -> None:
    with pytest.raises(RequestError) as caught:
        decode(decoder, photo("PNG"), photo("TIFF")[:60])
    assert caught.value.path == "$.images[1]"


def test_the_limits_of_the_settings_hold_there_too(apart: list[bytes]) -> None:
    settings = TaggerSettings(max_image_pixels=1000)
    with PhotoDecoder(Preprocessing(size_px=64), settings) as decoder:
        with pytest.raises(ImageTooManyPixels):
            decode(decoder, photo("TIFF"))
        assert decode(decoder, photo("TIFF", (30, 30))) == [30]
    assert len(apart) == 1


def test_threads_and_process_end_with_the_decoder() -> None:
    before = threading.active_count()
    with PhotoDecoder(Preprocessing(size_px=64), TaggerSettings(decode_threads=2)) as decoder:
        decode(decoder, photo("TIFF"))
        assert threading.active_count() > before
    assert threading.active_count() == before
