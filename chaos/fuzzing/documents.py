"""JSON documents that no sound client would send."""

import base64
import json
from typing import Any

from hypothesis import strategies as st

from chaos.fuzzing.cases import FuzzCase, post
from chaos.fuzzing.photo_files import sound_photos

_JSON = "application/json"
_KEYS = (
    *("product_id", "title", "description", "images", "claims", "options", "content", "view"),
    *("groups", "top_k", "min_score", "embedding", "", "__proto__", "\x00", "$ref", "é", "😀"),
)
_NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-0",
    "1e-400",
    "9" * 5_000,
    "0x10",
    "01",
    "1.",
)
_TYPES = (
    *(_JSON, "application/json; charset=utf-16", "application/problem+json", "APPLICATION/JSON"),
    *("text/json", "application/vnd.api+json; charset=latin-1", 'application/json;a="'),
)


def json_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST of a document."""
    bodies = st.one_of(_written_documents(), _broken_texts(), st.sampled_from(_absurd_texts()))
    return st.builds(post, st.just("json"), bodies, st.sampled_from(_TYPES))


def _values() -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from([2**63, -(2**63) - 1, 10**400, 1e308, -1, 0]),
        _contents(),
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
        ),
        max_leaves=8,
    )


def _contents() -> st.SearchStrategy[str]:
    """Base64 of a photo, sound or nearly."""
    photo = base64.b64encode(sound_photos()[0]).decode()
    return st.sampled_from(
        [
            photo,
            f"data:image/jpeg;base64,{photo}",
            "data:,",
            "data:" + "," * 999,
            photo[:-1],
            photo[:50] + "\n \t" + photo[50:],
            photo.replace("/", "_"),
            photo + "=",
            "====",
            "",
            "é" * 40,
            "\x00" * 40,
            base64.b64encode(b"").decode(),
            base64.b64encode(b"%PDF-1.7").decode(),
        ]
    )


def _written_documents() -> st.SearchStrategy[bytes]:
    images = st.lists(
        st.one_of(st.fixed_dictionaries({"content": _contents()}), _values()), max_size=4
    )
    options = st.dictionaries(
        st.sampled_from(("groups", "top_k", "min_score", "embedding", "x")), _values(), max_size=4
    )
    product = st.fixed_dictionaries(
        {},
        optional={
            "images": images | _values(),
            "options": options | _values(),
            "product_id": _values(),
            "title": _values(),
            "claims": st.lists(_values(), max_size=3) | _values(),
        },
    )
    return st.one_of(product, _values()).map(_written)


def _written(document: Any) -> bytes:
    # allow_nan writes NaN and Infinity; what is no Unicode is left as lone surrogates.
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _broken_texts() -> st.SearchStrategy[bytes]:
    """Documents cut, repeated, or with some bytes replaced."""
    noise = st.sampled_from(
        [b"\xff", b"\x00", b"\xed\xa0\x80", b"\\ud800", b'"', b"}", b",", b"\xc0\xaf", b"\\u00"]
    )
    return st.builds(
        lambda text, at, piece: text[: at % (len(text) + 1)] + piece + text[at % (len(text) + 1) :],
        _written_documents(),
        st.integers(0, 10_000),
        noise,
    )


def _absurd_texts() -> list[bytes]:
    photo = base64.b64encode(sound_photos()[0]).decode()
    image = f'{{"content":"{photo}"}}'
    numbers = [f'{{"images":[{image}],"options":{{"top_k":{each}}}}}' for each in _NUMBERS]
    scores = [f'{{"images":[{image}],"options":{{"min_score":{each}}}}}' for each in _NUMBERS]
    return [
        *(text.encode() for text in (*numbers, *scores)),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"images":' * 50_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        f'{{"images":[{",".join([image] * 17)}]}}'.encode(),
        f'{{"images":[{",".join(["{}"] * 10_000)}]}}'.encode(),
        f'{{"images":[{",".join([image] * 1_001)}]}}'.encode(),
        f'{{"images":[{image}],"images":[],"images":[{image}]}}'.encode(),
        f'{{"claims":[{",".join(["1"] * 10_000)}],"images":[{image}]}}'.encode(),
        f'{{"product_id":"{"x" * 100_000}","images":[{image}]}}'.encode(),
        f'{{"title":"{"é" * 100_000}","images":[{image}]}}'.encode(),
        f'{{"product_id":"\\ud800","images":[{image}]}}'.encode(),
        f'{{"product_id":"\\u0000","images":[{image}]}}'.encode(),
        f'{{"product_id":9223372036854775808,"images":[{image}]}}'.encode(),
        b"\xef\xbb\xbf" + f'{{"images":[{image}]}}'.encode(),
        f'{{"images":[{image}]}}'.encode("utf-16"),
        f'{{"images":[{image}]}}'.encode("utf-32-le"),
        f'{{"images":[{image}]}} {{}}'.encode(),
        ("{" + ",".join(f'"k{i}":1' for i in range(20_000)) + "}").encode(),
        b'{"options":{"groups":[' + b'"colour",' * 5_000 + b'"tone"]}}',
        b"",
        b" " * 100_000,
        b"null",
        b"NaN",
        b'"',
        b"{'images': []}",
        b"// comment\n{}",
        b"\x00" * 1_000,
    ]
