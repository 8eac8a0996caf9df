"""What the fields of a request may hold: null, numbers as texts, lists of one."""

import json
from typing import Any

import pytest

from hangtag.errors import (
    ImageMissing,
    RequestError,
)
from hangtag.requests.parsing import Product
from tests.unit.hangtag.requests.sending import (
    DOCUMENT,
    JSON,
    PHOTO,
    TEXT,
    refusal,
    send,
    send_json,
)

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


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_is_as_good_as_absent(empty: str) -> None:
    fields = ("product_id", "title", "description", "claims", "options")
    assert send_json(**dict.fromkeys(fields, empty)) == Product(images=PHOTO)
    names = ("groups", "top_k", "min_score", "embedding")
    options = dict.fromkeys(names, empty)
    images = [{"content": TEXT, "view": empty}]
    assert send_json(options=options, images=images) == Product(images=PHOTO, product_id="SKU-1")
    query = "&".join(f"{name}={empty}" for name in names)
    assert send(PHOTO, "image/jpeg", query) == Product(images=PHOTO)
    assert send(PHOTO, "image/jpeg", f"groups=tone&groups={empty}").options.groups == ("tone",)
    assert send(JSON, query=f"product_id={empty}").product_id == "SKU-1"


@pytest.mark.parametrize("gap", [float("nan"), float("inf"), -float("inf")])
def test_the_gaps_of_tables_are_as_good_as_absent(gap: float) -> None:
    names = ("product_id", "title", "description", "claims", "options")
    images = [{"content": TEXT, "view": gap}]
    assert send_json(**dict.fromkeys(names, gap), images=images) == Product(images=PHOTO)


@pytest.mark.parametrize(
    ("fields", "error", "path"),
    [
        ({"images": ""}, ImageMissing, None),
        ({"images": float("nan")}, ImageMissing, None),
        ({"images": [{"content": ""}]}, ImageMissing, "$.images[0]"),
        ({"photos": ""}, RequestError, "$.photos"),
        ({"photos": float("nan")}, RequestError, "$.photos"),
        ({"claims": [412, float("nan")]}, RequestError, "$.claims[1]"),
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
        ({"groups": ","}, "$.options.groups[0] is wrong: it names no group."),
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
        ({"top_k": 3}, "$.top_k belongs into `options`, beside `images`."),
        ({"image": TEXT}, "$.image is unknown; did you mean 'images'?"),
        ({"colour\ud800": 1}, "$.colour\\ud800 is unknown; there are: claims, description, "),
        ({"options": {"\udcfftop": 1}}, "$.options.\\udcfftop is unknown; "),
        ({"images": [{"data": TEXT}]}, "$.images[0].data is unknown; there are: content, view."),
        ({"images": [{}]}, "$.images[0].content is missing."),
        ({"images": [[255, 216]]}, "$.images[0] must be an object, and is a list of 2."),
        ({"images": 5}, "$.images[0] must be an object, and is 5."),
        (
            {"images": [{"content": {"type": "Buffer", "data": [255]}}]},
            "$.images[0].content is wrong: it must be the photo's bytes in base64, as one text.",
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
