"""What a body is, whatever its headers say."""

import gzip
import json
import sys
import time
import tracemalloc
import zlib
from urllib.parse import quote, quote_plus

import pytest

from hangtag.errors import (
    FormatUnsupported,
    ImageUndecodable,
    RequestError,
    RequestTooLarge,
)
from hangtag.requests.parsing import Product
from tests.tiny_tagger import photo
from tests.unit.hangtag.requests.sending import (
    DOCUMENT,
    JSON,
    JSON_TYPE,
    PHOTO,
    TEXT,
    refusal,
    send,
)

# --- What a body is, whatever its header says.


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/json; charset=UTF-8",
        "application/vnd.hangtag+json",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "text/plain;charset=UTF-8",
        "text/json",
        "image/jpeg",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        JSON,
        b" \r\n" + JSON,
        b"\xef\xbb\xbf" + JSON,
        JSON.decode().encode("utf-16"),
        JSON.decode().encode("utf-16-le"),
        JSON.decode().encode("utf-32"),
    ],
    ids=["plain", "spaces", "utf-8 mark", "utf-16 mark", "utf-16", "utf-32"],
)
def test_json_is_read_under_any_header(content_type: str, body: bytes) -> None:
    assert send(body, content_type) == Product(images=PHOTO, product_id="SKU-1")


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "text/plain", "application/x-www-form-urlencoded", "video/mp4"],
)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_photo_is_read_under_any_header(content_type: str, name: str) -> None:
    sent = photo(format=name)
    assert send(sent, content_type, "top_k=2").images == (sent,)


@pytest.mark.parametrize(
    ("body", "content_type", "error", "said"),
    [
        (TEXT.encode(), "image/jpeg", ImageUndecodable, "The body is a photo in base64; se"),
        (TEXT.encode(), "text/plain", ImageUndecodable, "The body is a photo in base64; se"),
        (TEXT.encode(), JSON_TYPE, RequestError, "it looks like a photo in base64"),
        (b"data:image/png;base64,", "", ImageUndecodable, "The body is a data URL; send"),
        (b"DATA:image/png;base64,", JSON_TYPE, RequestError, "it looks like a data URL"),
        (b"https://x.example/a.jpg", "", ImageUndecodable, "The body is a URL; send"),
        (b"photos/a.jpg", "image/jpeg", ImageUndecodable, "The body is the name of a file; send"),
        (PHOTO.hex().encode(), "", ImageUndecodable, "a photo in hexadecimal digits"),
        (repr(PHOTO).encode(), "", ImageUndecodable, "Python's notation of bytes"),
        (b"image=abc&top_k=3", "application/x-www-form-urlencoded", FormatUnsupported, "web form"),
        (b"image=abc&top_k=3", JSON_TYPE, RequestError, "it looks like a web form"),
        (
            b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n',
            "application/octet-stream",
            FormatUnsupported,
            "The body is a multipart form, which is not read like this",
        ),
        (json.dumps([DOCUMENT]).encode(), JSON_TYPE, RequestError, "is a list; send one product"),
        (json.dumps(JSON.decode()).encode(), JSON_TYPE, RequestError, "it was encoded twice"),
        (json.dumps(TEXT).encode(), JSON_TYPE, RequestError, "The body is a photo in base64; se"),
        (b"null", JSON_TYPE, RequestError, "The body is null; send an object"),
        (b"42", JSON_TYPE, RequestError, "The body is 42; send an object"),
        (b"", JSON_TYPE, RequestError, "The body is no JSON: it is empty."),
        (b"  ", JSON_TYPE, RequestError, "The body is no JSON: it is empty."),
        (b"hello", "text/plain", FormatUnsupported, "The content type 'text/plain' is not taken"),
        (b"hello", "image/" + "x" * 9999, ImageUndecodable, ""),
        (b"hello", "x/" + "x" * 9999, FormatUnsupported, "The content type 'x/xxx"),
        (
            PHOTO.replace(b"\0", b"").replace(b"\n", b"").replace(b"\r", b""),
            "application/x-www-form-urlencoded",
            ImageUndecodable,
            "send it with `--data-binary`",
        ),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_a_body_looks_like_is_named(
    body: bytes, content_type: str, error: type[RequestError], said: str
) -> None:
    if content_type.startswith("image/x"):
        assert send(body, content_type).images == (body,)
        return
    refused = refusal(send, body, content_type)
    assert type(refused) is error
    assert said in str(refused)
    assert len(str(refused)) < 400


@pytest.mark.parametrize(
    ("body", "name", "advice"),
    [
        ("image=abc&top_k=3", "a web form", "multipart/form-data"),
        ("title=Rotes Kleid&top_k=3", "a web form", "multipart/form-data"),
        ("image=@photo.jpg", "a web form", "multipart/form-data"),
        ("title=Größe 5&image=", "a web form", "multipart/form-data"),
        ("json=" + JSON.decode(), "JSON in a field of a web form", "send the JSON alone"),
        ("data=" + quote(JSON), "JSON in a field of a web form", "send the JSON alone"),
        (quote(JSON), "percent-encoded JSON", "send the JSON as it is"),
        (quote(JSON) + "=", "percent-encoded JSON", "send the JSON as it is"),
        (quote_plus(JSON, safe=":"), "percent-encoded JSON", "send the JSON as it is"),
        (f"'{JSON.decode()}'", "JSON in single quotes", "--data-binary @FILE"),
        ("'{images:[{content:abc}]}'", "JSON in single quotes", "--data-binary @FILE"),
    ],
    ids=lambda value: value[:20],
)
@pytest.mark.parametrize(
    "content_type", [JSON_TYPE, "", "application/x-www-form-urlencoded", "text/plain", "image/png"]
)
def test_what_forms_and_shells_make_of_json_is_named(
    content_type: str, body: str, name: str, advice: str
) -> None:
    refused = refusal(send, body.encode(), content_type)
    assert name in str(refused)
    assert advice in str(refused)
    assert refused.status == (400 if content_type == JSON_TYPE else 415)


def test_text_in_another_charset_is_read_if_the_header_says_so() -> None:
    body = json.dumps({**DOCUMENT, "title": "Größe"}, ensure_ascii=False).encode("latin-1")
    assert send(body, "application/json; charset=ISO-8859-1").title == "Größe"
    assert send(body, 'application/json; charset="windows-1252"').title == "Größe"
    for content_type in (JSON_TYPE, "application/json; charset=utf-8", "text/json; charset=x"):
        assert "send it in UTF-8" in str(refusal(send, body, content_type))
    refused = refusal(send, body, "application/json; charset=windows-1250")
    assert "instead of 'windows-1250', ISO-8859-1, ISO-8859-15 and Windows-1252" in str(refused)


# Python 3.13 stops at the comma, earlier ones at what follows it.
_SURPLUS_COMMA = 14 if sys.version_info >= (3, 13) else 15


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title": "a",}', f"at line 1, column {_SURPLUS_COMMA} there is a comma too many"),
        (b'{"claims": [1,]}', "there is a comma too many"),
        (b"{'title': 'a'}", "at line 1, column 2 names and texts stand in double quotes"),
        (b'{"title": "a', "a text begins that does not end"),
        (b'{"title": "a\nb"}', "a text holds a line break"),
        (b'{"title": "C:\\x"}', "a text holds a backslash"),
        (b'{"title": "a"} {}', "there is more after its end"),
        (b'{"title": "a"', "it ends too early"),
        (b'{"title": ', "it ends too early"),
        (b'{"title": "a" "b": 1}', "a comma is missing before '\"'"),
        (rb"{\"title\": \"a\"}", "quotes around names and texts have no backslash before them"),
        (b'{"embedding": True}', "True is written true"),
        (b'{"title": None}', "None and NaN are not known, only null"),
        (b'{\n  // which\n  "title": 1}', "at line 2, column 3 comments are no part of JSON"),
        (b'{"title": undefined}', "undefined is not known, only null"),
        (b"[" * 10_000, "nested too deeply"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b'{"product_id": ' + b"1" * 5000 + b"}", "a number of too many digits"),
        (b'{"title": "a", "title": "b"}', "has the field 'title' twice, with different values"),
        (b'{"' + b'","'.join(b'%d":1,"' % i for i in range(2000)) + b'":1}', "is no JSON"),
        (b"{" + b",".join(b'"%d":1' % i for i in range(2000)) + b"}", "more than 1,000 fields"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_broken_json_is_said_in_our_words(body: bytes, said: str) -> None:
    refused = refusal(send, body)
    assert said in str(refused)
    assert refused.path == "$"


@pytest.mark.parametrize(
    "item",
    ["[]", "{}", "1", "[[[1]]]", '""', '"a"', '{"content": ""}', r'"\"\\"'],
)
@pytest.mark.parametrize("name", ["images", "claims", "title", "x"])
def test_many_small_items_are_refused_before_they_fill_the_memory(name: str, item: str) -> None:
    count = 1_000_000 // len(item)
    body = f'{{"{name}": [{item}{f",{item}" * count}]}}'.encode()
    tracemalloc.start()
    started = time.process_time()
    refused = refusal(send, body)
    spent_s = time.process_time() - started
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refused).startswith("The body is JSON of more than 20,000 items; send one product")
    assert refused.path == "$"
    assert (peak_bytes < 8 * len(body), spent_s < 1) == (True, True)


@pytest.mark.parametrize("name", ["images", "claims", "groups"])
@pytest.mark.parametrize("item", ["[]", "{}", "1"])
def test_a_text_that_holds_a_list_of_many_is_refused_too(name: str, item: str) -> None:
    text = f"[{item}{f',{item}' * 500_000}]"
    fields = {"options": {name: text}} if name == "groups" else {name: text}
    body = json.dumps({**DOCUMENT, **fields}).encode()
    tracemalloc.start()
    refused = refusal(send, body)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "is wrong: it holds more than 1,000 items" in str(refused)
    assert peak_bytes < 8 * len(body)


def test_texts_may_hold_any_number_of_commas() -> None:
    description = 'a, "b" [c] {d} \\' * 20_000
    body = json.dumps({**DOCUMENT, "description": description}).encode()
    assert send(body).description == description


def test_a_field_twice_with_the_same_value_is_no_fault() -> None:
    assert send(JSON[:-1] + b', "product_id": "SKU-1"}').product_id == "SKU-1"


# --- Content-Encoding.


@pytest.mark.parametrize("body", [JSON, PHOTO])
def test_packed_bodies_are_unpacked(body: bytes) -> None:
    for encoding, packed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
        assert send(packed, "application/octet-stream", encoding=encoding).images == (PHOTO,)


def test_what_cannot_be_unpacked_is_refused() -> None:
    large = gzip.compress(bytes(200_000))
    assert isinstance(refusal(send, large, encoding="gzip"), RequestTooLarge)
    refused = refusal(send, b"\x8b\x03\x80", encoding="br")
    assert (refused.status, "Content-Encoding 'br'" in str(refused)) == (415, True)
    assert "Content-Encoding says gzip" in str(refusal(send, b"x", encoding="gzip"))
    form = "multipart/form-data; boundary=x"
    assert refusal(send, gzip.compress(b"--x"), form, encoding="gzip").status == 415
