"""What clients, exporters and browsers really send: read where it is unambiguous, or named."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import pytest

from hangtag.errors import (
    FormatUnsupported,
    HangtagError,
    ImageMissing,
    ImageUndecodable,
    RequestError,
    RequestTooLarge,
)
from hangtag.intake import Part, Product, read_product
from hangtag.settings import TaggerSettings
from tests.tiny_tagger import GREEN, photo

PHOTO, OTHER = photo(), photo(GREEN, format="PNG")
TEXT = base64.b64encode(PHOTO).decode()
DOCUMENT = {"product_id": "SKU-1", "images": [{"content": TEXT}]}
JSON = json.dumps(DOCUMENT).encode()
SETTINGS = TaggerSettings(max_images=3, max_unpacked_bytes=100_000)
JSON_TYPE = "application/json"


def send(
    body: bytes, content_type: str = JSON_TYPE, query: str = "", encoding: str = ""
) -> Product:
    """Send a body; `query` is `name=value&name=value`, not escaped."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    parts = [Part(name, "", value.encode()) for name, _, value in pairs]
    return read_product(content_type, [*parts, Part("body", "", body)], SETTINGS, encoding)


def send_json(**fields: Any) -> Product:
    return send(json.dumps({**DOCUMENT, **fields}).encode())


def send_form(*parts: Part) -> Product:
    return read_product("multipart/form-data; boundary=x", parts, SETTINGS)


def field(name: str, value: str | bytes, content_type: str = "") -> Part:
    return Part(name, content_type, value if isinstance(value, bytes) else value.encode())


def file(name: str = "image", data: bytes = PHOTO) -> Part:
    return Part(name, "image/jpeg", data)


def refusal(call: Any, *arguments: Any, **named: Any) -> RequestError:
    with pytest.raises(HangtagError) as raised:
        call(*arguments, **named)
    assert isinstance(raised.value, RequestError)
    assert str(raised.value).endswith(".")
    for word in ("Input should", "Extra inputs", "Tuple", "Field required", "Expecting", "ctx"):
        assert word not in str(raised.value)
    return raised.value


# --- Null, as serialisers write what is not set.


def test_null_is_as_good_as_absent() -> None:
    nothing = dict.fromkeys(("title", "description", "claims", "options", "product_id"))
    assert send_json(**nothing) == Product(images=PHOTO)
    options = dict.fromkeys(("groups", "top_k", "min_score", "embedding"))
    images = [{"content": TEXT, "view": None}]
    assert send_json(options=options, images=images) == Product(images=PHOTO, product_id="SKU-1")


def test_null_in_the_json_leaves_the_query_alone() -> None:
    body = json.dumps({**DOCUMENT, "options": {"top_k": None}}).encode()
    assert send(body, query="top_k=2").options.top_k == 2


@pytest.mark.parametrize(
    ("fields", "error", "path"),
    [
        ({"images": None}, ImageMissing, None),
        ({"images": [None]}, RequestError, "$.images[0]"),
        ({"images": [{"content": None}]}, RequestError, "$.images[0].content"),
        ({"claims": [412, None]}, RequestError, "$.claims[1]"),
        ({"options": {"groups": ["colour", None]}}, RequestError, "$.options.groups[1]"),
        ({"photos": None}, RequestError, "$.photos"),
    ],
)
def test_null_where_something_must_be(
    fields: dict[str, Any], error: type[RequestError], path: str | None
) -> None:
    refused = refusal(send_json, **fields)
    assert (type(refused), refused.path) == (error, path)


# --- Numbers, booleans and lists, as clients write them.


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        *(("top_k", value, 3) for value in (3, 3.0, "3", " 3 ", "3.0")),
        *(("min_score", value, 0.2) for value in (0.2, "0.2", ".2", "2e-1")),
        *(("min_score", value, 1.0) for value in (1, 1.0, "1", "1.0")),
        *(("embedding", value, True) for value in (True, 1, "true", "TRUE", "1", "yes", "on")),
        *(("embedding", value, False) for value in (False, 0, "false", "False", "0", "no")),
    ],
)
def test_numbers_and_booleans_may_be_texts(name: str, value: Any, read: Any) -> None:
    asked = getattr(send_json(options={name: value}).options, name)
    assert (asked, type(asked)) == (read, type(read))
    assert send(PHOTO, "image/jpeg", f"{name}={value}").options.model_dump()[name] == read


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"top_k": 3.5}, "$.options.top_k must be a whole number, and is 3.5."),
        ({"top_k": "three"}, "$.options.top_k must be a whole number, and is 'three'."),
        ({"top_k": ""}, "$.options.top_k must be a whole number, and is ''."),
        ({"top_k": -1}, "$.options.top_k must be at least 1, and is -1."),
        ({"top_k": 10**30}, "$.options.top_k must be at most 10,000, and is 1000"),
        ({"top_k": True}, "$.options.top_k must be a number, and is true."),
        ({"top_k": [3]}, "$.options.top_k must be a whole number, and is a list of 1."),
        ({"top_k": float("nan")}, "$.options.top_k must be a finite number, and is nan."),
        ({"min_score": "0,2"}, "$.options.min_score must be a number, and is '0,2'."),
        ({"min_score": "nan"}, "$.options.min_score must be a finite number, and is 'nan'."),
        ({"min_score": float("inf")}, "$.options.min_score must be "),
        ({"min_score": 20}, "$.options.min_score must be at most 1, and is 20."),
        ({"min_score": False}, "$.options.min_score must be a number, and is false."),
        ({"embedding": 2}, "$.options.embedding must be true or false, and is 2."),
        ({"embedding": "perhaps"}, "$.options.embedding must be true or false, and is 'perhaps'."),
        ({"groups": []}, "$.options.groups must be a list of at least 1, and is a list of 0."),
        ({"groups": ""}, "$.options.groups[0] is wrong: it names no group."),
        ({"groups": 5}, "$.options.groups[0] must be text, and is 5."),
        ({"topK": 3}, "$.options.topK is unknown; did you mean 'top_k'? There are: embedding, "),
        ([], "$.options must be an object, and is a list of 0."),
    ],
)
def test_wrong_options_are_said_in_our_words(options: Any, said: str) -> None:
    refused = refusal(send_json, options=options)
    assert str(refused).startswith(said)
    assert str(refused).startswith(f"{refused.path} ")


@pytest.mark.parametrize(
    ("groups", "read"),
    [
        ("colour", ("colour",)),
        ("colour,tone", ("colour,tone",)),
        ('["colour", "tone"]', ("colour", "tone")),
        ("[odd", ("[odd",)),
        (["colour", "tone"], ("colour", "tone")),
    ],
)
def test_groups_may_be_one_text(groups: Any, read: tuple[str, ...]) -> None:
    assert send_json(options={"groups": groups}).options.groups == read


@pytest.mark.parametrize(
    "query",
    [
        "groups=colour&groups=tone",
        "groups[]=colour&groups[]=tone",
        "groups[0]=colour&groups[1]=tone",
        "options[groups][]=colour&options[groups][]=tone",
        "options.groups=colour&options.groups=tone",
        'groups=["colour","tone"]',
    ],
)
def test_lists_in_the_query_are_written_in_several_ways(query: str) -> None:
    assert send(PHOTO, "image/jpeg", query).options.groups == ("colour", "tone")
    assert send(PHOTO, "image/jpeg", "options[top_k]=2").options.top_k == 2


def test_ids_may_be_numbers_of_tables() -> None:
    product = send_json(product_id=12.0, claims=[412.0, "77", 92], title=501, description=1.5)
    assert (product.product_id, type(product.product_id)) == (12, int)
    assert product.claims == (412, "77", 92)
    assert (product.title, product.description) == ("501", "1.5")
    assert send_json(claims=412).claims == (412,)
    assert send_json(claims="412").claims == ("412",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"product_id": 12.5}, "$.product_id must be text or a whole number, and is 12.5."),
        ({"product_id": True}, "$.product_id must be text or a whole number, and is true."),
        ({"product_id": 1e300}, "$.product_id must be text or a whole number, and is 1e+300."),
        ({"product_id": "x" * 257}, "$.product_id must be text of at most 256 characters or "),
        ({"claims": [{"id": 412}]}, "$.claims[0] must be text or a whole number, and is an obj"),
        ({"title": ["Tee"]}, "$.title must be text, and is a list of 1."),
        ({"title": "\ud800"}, "$.title must be text of whole Unicode characters, and is "),
        ({"productId": 7}, "$.productId is unknown; did you mean 'product_id'?"),
        ({"image": TEXT}, "$.image is unknown; did you mean 'images'?"),
        ({"colour\ud800": 1}, "$ must be text of whole Unicode characters, and is 'colour"),
        ({"images": [{"data": TEXT}]}, "$.images[0].data is unknown; there are: content, view."),
        ({"images": [{}]}, "$.images[0].content is missing."),
        ({"images": [[255, 216]]}, "$.images[0] must be an object, and is a list of 2."),
        ({"images": 5}, "$.images[0] must be an object, and is 5."),
        (
            {"images": [{"content": {"type": "Buffer", "data": [255]}}]},
            "$.images[0].content must be text, and is an object.",
        ),
    ],
)
def test_wrong_fields_are_said_in_our_words(fields: dict[str, Any], said: str) -> None:
    refused = refusal(send_json, **fields)
    assert str(refused).startswith(said)
    json.dumps([str(refused), refused.path], ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("images", [TEXT, [TEXT], {"content": TEXT}, [{"content": TEXT}]])
def test_one_photo_need_not_be_in_a_list(images: Any) -> None:
    assert send_json(images=images).images == (PHOTO,)


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
        (TEXT.encode(), "image/jpeg", ImageUndecodable, "The body is a photo in base64, not a "),
        (TEXT.encode(), "text/plain", ImageUndecodable, "The body is a photo in base64, not a "),
        (TEXT.encode(), JSON_TYPE, RequestError, "it looks like a photo in base64"),
        (b"data:image/png;base64,", "", ImageUndecodable, "The body is a data URL, not a photo"),
        (b"DATA:image/png;base64,", JSON_TYPE, RequestError, "it looks like a data URL"),
        (b"https://x.example/a.jpg", "", ImageUndecodable, "The body is a URL, not a photo"),
        (b"photos/a.jpg", "image/jpeg", ImageUndecodable, "The body is the name of a file, not"),
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


def test_text_in_another_charset_is_read_if_the_header_says_so() -> None:
    body = json.dumps({**DOCUMENT, "title": "Größe"}, ensure_ascii=False).encode("latin-1")
    assert send(body, "application/json; charset=ISO-8859-1").title == "Größe"
    assert send(body, 'application/json; charset="windows-1252"').title == "Größe"
    for content_type in (JSON_TYPE, "application/json; charset=utf-8", "text/json; charset=x"):
        assert "send it in UTF-8" in str(refusal(send, body, content_type))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title": "a",}', "at line 1, column 15 there is a comma too many"),
        (b'{"claims": [1,]}', "there is a comma too many"),
        (b"{'title': 'a'}", "at line 1, column 2 names and texts stand in double quotes"),
        (b'{"title": "a', "a text begins that does not end"),
        (b'{"title": "a\nb"}', "a text holds a line break"),
        (b'{"title": "C:\\x"}', "a text holds a backslash"),
        (b'{"title": "a"} {}', "there is more after its end"),
        (b'{"title": "a"', "it ends too early"),
        (b'{"title": ', "it ends too early"),
        (b'{"title": "a" "b": 1}', "a comma is missing before '\"'"),
        (b'{"embedding": True}', "True is written true"),
        (b'{"title": None}', "None and NaN are not known, only null"),
        (b'{\n  // which\n  "title": 1}', "at line 2, column 3 comments are no part of JSON"),
        (b'{"title": undefined}', "undefined is not known, only null"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
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


# --- Forms of browsers.


def test_a_browsers_form_with_inputs_left_empty() -> None:
    product = send_form(
        file(),
        field("back", ""),
        field("images[]", ""),
        field("title", ""),
        field("top_k", ""),
        field("groups", ""),
        field("product_id", "", "text/plain; charset=UTF-8"),
        field("request", ""),
        field("_charset_", "UTF-8"),
        field("utf8", "✓"),
        field("authenticity_token", "abc"),
        field("MAX_FILE_SIZE", "1000"),
        field("submit", "Senden"),
        field("submit.x", "7"),
    )
    assert product == Product(images=PHOTO)


def test_an_empty_file_is_no_empty_input() -> None:
    assert type(refusal(send_form, file(), file(data=b""))) is ImageMissing
    assert type(refusal(send_form, field("image", ""))) is ImageMissing


def test_files_may_have_any_name_and_no_type() -> None:
    product = send_form(
        file("images[]"),
        file("images[]", OTHER),
        Part("upload", "", OTHER),
    )
    assert product.images == (PHOTO, OTHER, OTHER)
    assert send_form(Part("image", "text/plain", PHOTO)).images == (PHOTO,)


@pytest.mark.parametrize("text", [TEXT, f"data:image/png;base64,{TEXT}"])
@pytest.mark.parametrize("name", ["image", "photo", "images[]", "file"])
def test_a_photo_in_a_text_field_is_read(name: str, text: str) -> None:
    assert send_form(field(name, text)).images == (PHOTO,)


def test_a_url_in_a_photos_field_is_named() -> None:
    refused = refusal(send_form, field("image", "https://x.example/a.jpg"))
    assert str(refused).startswith("$.image is a URL, not base64; send the bytes")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("titel", "There is no parameter 'titel'; did you mean 'title'? There are: description, "),
        ("topK", "There is no parameter 'topK'; did you mean 'top_k'?"),
        ("Product-ID", "did you mean 'product_id'?"),
        ("colour", "There is no parameter 'colour'; there are: description, embedding, "),
        (
            "claims",
            "'claims' is no parameter of its own; send it in the JSON body, or in the part ",
        ),
        ("options", "'options' is no parameter of its own"),
        ("x" * 9999, "There is no parameter a text of 9,999 characters"),
    ],
)
def test_unknown_fields_are_named_with_those_that_are_near(name: str, said: str) -> None:
    for refused in (
        refusal(send_form, file(), field(name, "secret")),
        refusal(send, PHOTO, "image/jpeg", f"{name}=secret"),
    ):
        assert said in str(refused)
        assert "secret" not in str(refused)


def test_fields_that_are_not_utf8() -> None:
    latin = "Größe".encode("latin-1")
    for name in ("title", "product_id"):
        refused = refusal(send_form, file(), field(name, latin))
        assert str(refused).startswith(f"The parameter '{name}' is not UTF-8 text; send it in ")
    assert "did you mean 'title'" in str(refusal(send_form, file(), field("titel", latin)))
    charset = field("_charset_", "windows-1252")
    assert send_form(file(), field("title", latin), charset).title == "Größe"
    typed = field("title", latin, "text/plain; charset=ISO-8859-1")
    assert send_form(file(), typed).title == "Größe"
    assert "not UTF-8" in str(
        refusal(send_form, file(), field("title", latin), field("_charset_", "x"))
    )


def test_the_request_part_may_be_a_field_or_a_file() -> None:
    document = b'\xef\xbb\xbf{"product_id": 7, "claims": null}'
    for content_type in ("", "application/json", "application/octet-stream", "text/plain"):
        assert send_form(file(), field("request", document, content_type)).product_id == 7
    refused = refusal(send_form, file(), field("request", '{"optoins": {}}'))
    assert str(refused).startswith("$.request.optoins is unknown; did you mean 'options'?")
    refused = refusal(send_form, file(), field("request", "{"))
    assert str(refused).startswith("The part 'request' is no JSON: at line 1, column 2 it ends")
    assert refused.path == "$.request"


# --- Queries.


@pytest.mark.parametrize(
    "query",
    ["api_key=k", "API_KEY=k", "apikey=k", "token=k", "_=1", "utm_source=x", "fbclid=1", "ts=1"],
)
def test_what_others_add_to_a_query_is_ignored(query: str) -> None:
    assert send(PHOTO, "image/jpeg", query) == Product(images=PHOTO)


def test_a_query_that_is_not_utf8_is_refused() -> None:
    parts = [Part("product_id", "", b"Gr\xf6\xdfe"), Part("body", "", PHOTO)]
    refused = refusal(read_product, "image/jpeg", parts, SETTINGS)
    assert "UTF-8" in str(refused)
