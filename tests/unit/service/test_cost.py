import base64
import io
import json

import pytest
from PIL import Image

from service.cost import cost_of


def photo(side_px: int, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((side_px, side_px), 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


LARGE = photo(2000)


def form(*photos: bytes) -> bytes:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n%b\r\n' % each
        for each in photos
    ]
    return b"".join([*parts, b"--b--\r\n"])


def document(*photos: bytes, prefix: str = "") -> bytes:
    images = [{"content": prefix + base64.b64encode(each).decode()} for each in photos]
    return json.dumps({"title": "t" * 300, "images": images}).encode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_costs_what_its_pixels_do(kind: str) -> None:
    assert cost_of(photo(100, kind)) < 1.1
    assert 1.9 < cost_of(photo(2000, kind)) < 8


def test_pixels_count_however_few_bytes_they_are() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(buffer, "WEBP", lossless=True)
    assert len(buffer.getvalue()) < 100_000
    assert cost_of(buffer.getvalue()) > 16


@pytest.mark.parametrize("make", [form, document])
def test_photos_add_up_in_each_form_of_a_request(make: object) -> None:
    assert callable(make)
    one, four = cost_of(make(LARGE)), cost_of(make(LARGE, LARGE, LARGE, LARGE))
    assert 1.9 < one < 4
    assert 3.5 * one < four < 4.5 * one


def test_what_a_header_claims_costs_no_more_than_what_is_worked_on() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    claims = bytearray(buffer.getvalue())
    claims[16:24] = b"\x7f\xff\xff\xff" * 2
    assert cost_of(bytes(claims)) == 80


def test_escaped_slashes_are_seen_through() -> None:
    escaped = document(LARGE).replace(b"/", b"\\/")
    assert cost_of(escaped) == cost_of(document(LARGE))


def test_data_urls_are_seen_through() -> None:
    assert cost_of(document(LARGE, prefix="data:image/jpeg;base64,")) == cost_of(document(LARGE))


@pytest.mark.parametrize("body", [b"", b"{", b"--b", bytes(300_000), b"{" + b'"' * 300_000])
def test_what_is_no_photo_costs_little(body: bytes) -> None:
    assert cost_of(body) == 1.0
