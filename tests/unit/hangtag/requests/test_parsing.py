import base64
import json
import time
from typing import Any

import pytest

from hangtag.errors import (
    FormatUnsupported,
    ImageMissing,
    ImageTooLarge,
    RequestError,
    RequestFailed,
    TooManyImages,
)
from hangtag.requests.parsing import Part, Product, read_product
from hangtag.schema import Problem
from hangtag.settings import TaggerSettings
from tests.tiny_tagger import GREEN, photo

PHOTO, OTHER = photo(), photo(GREEN)
SETTINGS = TaggerSettings(max_images=3, max_image_bytes=5_000)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def query(name: str, value: str) -> Part:
    return Part(name, "", value.encode())


def read_json(document: Any, *queries: Part) -> Product:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_product(
        "application/json", [*queries, Part("body", "application/json", body)], SETTINGS
    )


def read_multipart(*parts: Part) -> Product:
    return read_product("multipart/form-data; boundary=x", parts, SETTINGS)


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "IMAGE/PNG; q=1", "application/octet-stream", ""]
)
def test_a_photo_as_the_body(content_type: str) -> None:
    product = read_product(content_type, [Part("body", content_type, PHOTO)], SETTINGS)
    assert product == Product(images=(PHOTO,))


def test_options_of_a_body_come_from_the_query() -> None:
    parts = [
        query("groups", "colour,tone"),
        query("groups", "warmth"),
        query("top_k", "2"),
        query("min_score", "0.25"),
        query("embedding", "true"),
        query("product_id", "SKU-1"),
        Part("body", "image/jpeg", PHOTO),
    ]
    product = read_product("image/jpeg", parts, SETTINGS)
    assert product.product_id == "SKU-1"
    assert product.options.model_dump() == {
        "groups": ("colour,tone", "warmth"),
        "top_k": 2,
        "min_score": 0.25,
        "embedding": True,
    }


def test_a_query_parameter_named_body_is_not_the_body() -> None:
    with pytest.raises(RequestError, match="no parameter 'body'"):
        read_product("image/jpeg", [query("body", "x"), Part("body", "", PHOTO)], SETTINGS)


def test_json_carries_everything() -> None:
    product = read_json(
        {
            "product_id": "SKU-1",
            "title": "Tee",
            "description": "Soft",
            "images": [{"content": encoded(PHOTO), "view": "front"}, {"content": encoded(OTHER)}],
            "claims": [412, "x"],
            "options": {"groups": ["colour"], "top_k": 5, "min_score": 0.2, "embedding": False},
        }
    )
    assert product.images == (PHOTO, OTHER)
    assert (product.title, product.description, product.claims) == ("Tee", "Soft", (412, "x"))
    assert product.options.top_k == 5


def test_base64_may_be_a_data_url_and_have_line_breaks() -> None:
    text = encoded(PHOTO)
    broken = "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    images = [{"content": f"data:image/jpeg;base64,{text}"}, {"content": broken}]
    assert read_json({"images": images}).images == (PHOTO, PHOTO)


def test_the_query_takes_precedence_over_the_json() -> None:
    document = {"images": [{"content": encoded(PHOTO)}], "options": {"top_k": 5, "min_score": 0.5}}
    product = read_json(document, query("top_k", "1"))
    assert (product.options.top_k, product.options.min_score) == (1, 0.5)


def test_multipart_takes_several_photos_and_the_rest_as_json() -> None:
    product = read_multipart(
        Part("image", "image/jpeg", PHOTO),
        Part("image", "application/octet-stream", OTHER),
        Part("request", "application/json", b'{"product_id": 7, "options": {"top_k": 1}}'),
    )
    assert (product.images, product.product_id, product.options.top_k) == ((PHOTO, OTHER), 7, 1)


def test_multipart_takes_options_as_fields_and_photos_without_a_file_name() -> None:
    product = read_multipart(Part("front", "", PHOTO), query("groups", "colour"))
    assert (product.images, product.options.groups) == ((PHOTO,), ("colour",))


def image_json(content: str) -> dict[str, Any]:
    return {"images": [{"content": content}]}


@pytest.mark.parametrize(
    ("document", "error", "path"),
    [
        (b"{", RequestError, "$"),
        (b"[]", RequestError, "$"),
        (b"\xff", RequestError, "$"),
        (b"[" * 100_000, RequestError, "$"),
        ({}, ImageMissing, None),
        ({"images": []}, ImageMissing, None),
        (image_json(""), ImageMissing, "$.images[0]"),
        (image_json("a$b="), RequestError, "$.images[0].content"),
        (image_json("\u00e9"), RequestError, "$.images[0].content"),
        (image_json("A" * 7_000), ImageTooLarge, "$.images[0].content"),
        ({"images": [{"content": 5}]}, RequestError, "$.images[0].content"),
        ({"images": [{}]}, RequestError, "$.images[0].content"),
        ({"images": [{"content": ""}] * 4}, TooManyImages, None),
        ({"photos": []}, RequestError, "$.photos"),
        ({"options": {"topk": 1}}, RequestError, "$.options.topk"),
        ({"options": {"top_k": 0}}, RequestError, "$.options.top_k"),
        ({"options": {"top_k": "one"}}, RequestError, "$.options.top_k"),
        (b'{"options": {"min_score": NaN}}', RequestError, "$.options.min_score"),
        ({"options": {"min_score": 1.01}}, RequestError, "$.options.min_score"),
        ({"product_id": "x" * 257}, RequestError, "$.product_id"),
        ({"product_id": 2**70}, RequestError, "$.product_id"),
        ({"options": {"groups": []}}, RequestError, "$.options.groups"),
        ({"images": [{}] * 900}, RequestError, "$.images[0].content"),
        ({"claims": [1.5]}, RequestError, "$.claims[0]"),
    ],
)
def test_wrong_json_is_refused_with_its_path(
    document: Any, error: type[RequestError], path: str | None
) -> None:
    with pytest.raises(error) as raised:
        read_json(document)
    assert type(raised.value) is error
    assert raised.value.path == path


@pytest.mark.parametrize(
    ("content_type", "parts", "error"),
    [
        ("image/jpeg", [], ImageMissing),
        ("image/jpeg", [Part("body", "", b"")], ImageMissing),
        ("text/plain", [Part("body", "", b"hello")], FormatUnsupported),
        ("application/x-www-form-urlencoded", [Part("body", "", b"a=b")], FormatUnsupported),
        ("multipart/form-data", [], ImageMissing),
        ("multipart/form-data", [Part("a", "image/png", b"")], ImageMissing),
        ("multipart/form-data", [Part("a", "image/png", b"x")] * 4, TooManyImages),
        ("multipart/form-data", [Part("topk", "", b"5")], RequestError),
        ("multipart/form-data", [Part("request", "", b"{}")], ImageMissing),
        ("image/jpeg", [query("groups", ","), Part("body", "", b"x")], RequestError),
        ("image/jpeg", [query("top_k", "many"), Part("body", "", b"x")], RequestError),
        ("image/jpeg", [query("min_score", "nan"), Part("body", "", b"x")], RequestError),
        ("image/jpeg", [Part("title", "", b"\xff"), Part("body", "", b"x")], RequestError),
    ],
)
def test_other_wrong_requests(
    content_type: str, parts: list[Part], error: type[RequestFailed]
) -> None:
    with pytest.raises(error) as raised:
        read_product(content_type, parts, SETTINGS)
    assert type(raised.value) is error


def test_photos_inside_a_multipart_request_are_refused() -> None:
    with pytest.raises(RequestError, match="parts of their own"):
        read_multipart(Part("request", "", json.dumps(image_json(encoded(PHOTO))).encode()))


def test_an_absurd_request_costs_little_and_is_quoted_briefly() -> None:
    """A million wrong items must not become a million errors, nor a long key a long answer."""
    started = time.process_time()
    with pytest.raises(RequestError):
        read_json({"images": [{}] * 1_000_000})
    assert time.process_time() - started < 5
    with pytest.raises(RequestError) as raised:
        read_json({"k" * 7_000_000: 1})
    assert len(Problem.of(raised.value).model_dump_json()) < 2_000
