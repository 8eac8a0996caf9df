"""What browsers, frameworks and proxies put into forms and queries."""

import pytest

from hangtag.errors import (
    ImageMissing,
)
from hangtag.requests.parsing import Part, Product, read_product
from tests.unit.hangtag.requests.sending import (
    OTHER,
    PHOTO,
    SETTINGS,
    TEXT,
    field,
    file,
    refusal,
    send,
    send_form,
)

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
@pytest.mark.parametrize(
    "name",
    ["image", "photo", "images[]", "file", "Image", "IMAGE", "imageFile", "image_1", "photo2",
     "images[0][content]", "images.0.content", "images[0].content", "imageBase64", "image-data"],
)  # fmt: skip
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
        ("options[size]", "'size'; there are: description, "),
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


@pytest.mark.parametrize("name", ["imag", "Imgae", "pictrue", "phtoo"])
def test_misspelt_photos_are_told_where_photos_go(name: str) -> None:
    said = f"There is no parameter '{name}'; send a photo as the body, as the part `image` of a fo"
    assert said in str(refusal(send_form, file(), field(name, TEXT)))
    assert said in str(refusal(send, PHOTO, "image/jpeg", f"{name}=abc"))


@pytest.mark.parametrize("name", ["options", "json", "data"])
def test_json_in_a_field_of_another_name(name: str) -> None:
    refused = refusal(send_form, file(), field(name, '{"top_k": 3}'))
    assert str(refused).startswith(f"The field '{name}' holds JSON, which belongs into the body or")


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
    refused = refusal(send_form, file(), field("title", latin), field("_charset_", "x"))
    assert "not UTF-8" in str(refused)
    assert "instead of 'x', ISO-8859-1, ISO-8859-15 and Windows-1252 are read, too." in str(refused)


def test_the_request_part_may_be_a_field_or_a_file() -> None:
    document = b'\xef\xbb\xbf{"product_id": 7, "claims": null}'
    for content_type in ("", "application/json", "application/octet-stream", "text/plain"):
        assert send_form(file(), field("request", document, content_type)).product_id == 7
    refused = refusal(send_form, file(), field("request", '{"optoins": {}}'))
    assert str(refused).startswith("$.request.optoins is unknown; did you mean 'options'?")
    refused = refusal(send_form, file(), field("request", "{"))
    assert str(refused).startswith("The part 'request' is no JSON: at line 1, column 2 it ends")
    assert refused.path == "$.request"


def test_parts_that_contradict_each_other_are_refused() -> None:
    one, two = field("request", '{"product_id": 7}'), field("request", '{"title": "Tee"}')
    refused = refusal(send_form, file(), one, two)
    assert str(refused) == "'request' is there more than once, with different values; send it once."
    assert refused.path == "$.request"
    again = field("request", '{ "product_id":7 }', "application/json")
    assert send_form(file(), one, again).product_id == 7
    said = "'top_k' is there more than once, with different values"
    assert said in str(refusal(send_form, file(), field("top_k", "3"), field("top_k", "5")))


@pytest.mark.parametrize("name", ["metadata", "json", "data.json"])
@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", ""])
def test_json_in_a_part_of_another_name(name: str, content_type: str) -> None:
    part = Part(name, content_type, b'{"options": {"top_k": 3}}')
    said = "holds JSON, which belongs into the body or into the part of a form that is named `reque"
    assert said in str(refusal(send_form, file(), part))


@pytest.mark.parametrize(
    ("name", "value"), [("title", '"Tee"'), ("top_k", "3"), ("claims", "[412]"), ("data", "null")]
)
def test_fields_that_are_called_json_are_no_photos(name: str, value: str) -> None:
    part = field(name, value, "application/json; charset=utf-8")
    assert f"The field '{name}' holds JSON" in str(refusal(send_form, file(), part))
    assert send_form(Part("image", "application/json", PHOTO)).images == (PHOTO,)


# --- Queries.


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("top_k=3&top_k=5", "top_k"),
        ("title=Tee&title=Shirt", "title"),
        ("top_k=3&options[top_k]=5", "top_k"),
        ("embedding=true&embedding=", None),
        ("min_score=0.2&min_score=0.2", None),
    ],
)
def test_a_parameter_twice_must_say_the_same(query: str, name: str | None) -> None:
    if name is None:
        assert send(PHOTO, "image/jpeg", query).images == (PHOTO,)
        return
    said = f"{name!r} is there more than once, with different values; send it once."
    assert str(refusal(send, PHOTO, "image/jpeg", query)) == said


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
