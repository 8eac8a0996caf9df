"""The requests are what the core reads as meant, or refuses as they say."""

import io
import random
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image

from hangtag.errors import RequestError
from hangtag.requests.parsing import Part, Product, read_product
from hangtag.settings import TaggerSettings
from loadtest.client.photos import drawn_photo
from loadtest.plan import MIXES, Kind
from loadtest.tagging_requests import (
    Photo,
    RequestMaker,
    TaggingRequest,
    broken_requests,
    large_photo,
    multipart,
    read_photos,
    wrong_answer,
)

PHOTOS = [Photo(drawn_photo(number), "image/jpeg") for number in range(5)]
CHANCE = random.Random(1)  # noqa: S311 - no secret is made here


def product_of(request: TaggingRequest) -> Product:
    """What the core reads out of a request, with its form taken apart by the standard library."""
    if request.content_type.startswith("multipart/"):
        return read_product(request.content_type, form_parts(request), TaggerSettings())
    queries = parse_qsl(urlsplit(request.path).query)
    parts = [Part(name, "", value.encode()) for name, value in queries]
    body = Part("body", "", request.body)
    return read_product(request.content_type, [*parts, body], TaggerSettings())


def form_parts(request: TaggingRequest) -> list[Part]:
    message = message_from_bytes(
        f"Content-Type: {request.content_type}\r\n\r\n".encode() + request.body
    )
    return [
        Part(
            str(part.get_param("name", header="content-disposition")),
            part.get_content_type(),
            bytes(part.get_payload(decode=True)),
        )
        for part in message.walk()
        if not part.is_multipart()
    ]


@pytest.mark.parametrize("kind", ["photo", "multipart", "json"])
def test_requests_are_read_as_they_are_meant(kind: Kind) -> None:
    maker = RequestMaker(PHOTOS, CHANCE)
    for request in [maker.make(kind) for _ in range(10)]:
        product = product_of(request)
        assert len(product.images) == request.photos
        assert product.product_id == request.product_id
        assert set(product.images) <= {photo.content for photo in PHOTOS}


def test_every_kind_of_every_mix_can_be_made() -> None:
    maker = RequestMaker(PHOTOS[:1], CHANCE)
    made = {kind: maker.make(kind) for kinds in MIXES.values() for kind in kinds}
    assert len(made) == 5
    assert made["broken"].status >= 400
    assert made["photo"].status == 200


def test_a_large_photo_has_twelve_megapixels() -> None:
    with Image.open(io.BytesIO(large_photo(PHOTOS[0].content))) as photo:
        assert photo.width * photo.height == 12_000_000


def test_a_form_keeps_bytes_that_look_like_its_own() -> None:
    photo = Photo(b"\r\n--x\r\n\x00\xff", "image/jpeg")
    content_type, body = multipart([photo], {"product_id": "é"})
    parts = form_parts(TaggingRequest("form", content_type, body))
    assert [part.value for part in parts] == [b'{"product_id": "\\u00e9"}', photo.content]


# Photos and groups are only looked at later; tests/e2e/test_loadtest.py asks a live server.
@pytest.mark.parametrize(
    "request_",
    [
        each
        for each in broken_requests(PHOTOS[0])
        if each.code in {"image_missing", "request_invalid", "too_many_images"}
    ],
    ids=lambda each: f"{each.code}, {each.content_type}",
)
def test_broken_requests_have_the_code_that_they_say(request_: TaggingRequest) -> None:
    with pytest.raises(RequestError) as caught:
        product_of(request_)
    assert (caught.value.status, caught.value.code) == (request_.status, request_.code)


GOOD = TaggingRequest("product", "image/jpeg", b"", photos=2, product_id="SKU-1")
BROKEN = TaggingRequest("broken", "image/jpeg", b"", status=400, code="image_missing")
TAGS: dict[str, Any] = {"groups": {}, "images": [{}, {}], "product_id": "SKU-1"}


@pytest.mark.parametrize(
    ("request_", "status", "document", "wrong"),
    [
        (GOOD, 200, TAGS, None),
        (GOOD, 503, {"code": "overloaded"}, "503 overloaded instead of 200"),
        (GOOD, 502, None, "502 instead of 200"),
        (GOOD, 200, ["groups"], "200 without groups"),
        (GOOD, 200, {**TAGS, "images": [{}]}, "200 for another number of photos"),
        (GOOD, 200, {**TAGS, "images": None}, "200 for another number of photos"),
        (GOOD, 200, {**TAGS, "product_id": "SKU-2"}, "200 for another product"),
        (BROKEN, 400, {"code": "image_missing"}, None),
        (BROKEN, 400, {"code": "request_invalid"}, "code 'request_invalid' instead of"),
        (BROKEN, 200, TAGS, "200 instead of 400 image_missing"),
    ],
)
def test_answers_are_told_apart(
    request_: TaggingRequest, status: int, document: Any, wrong: str | None
) -> None:
    found = wrong_answer(request_, status, document)
    assert (found is None) == (wrong is None)
    assert wrong is None or str(found).startswith(wrong)


def test_only_photos_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").write_bytes(b"a")
    (tmp_path / "b.png").write_bytes(b"b")
    (tmp_path / "notes.txt").write_bytes(b"c")
    assert read_photos(tmp_path) == [Photo(b"a", "image/jpeg"), Photo(b"b", "image/png")]
