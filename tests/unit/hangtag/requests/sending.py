"""Requests as clients send them, and how they are refused."""

import base64
import json
from typing import Any

import pytest

from hangtag.errors import (
    RequestError,
    RequestFailed,
)
from hangtag.requests.parsing import Part, Product, read_product
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
    with pytest.raises(RequestFailed) as raised:
        call(*arguments, **named)
    assert isinstance(raised.value, RequestError)
    assert str(raised.value).endswith(".")
    for word in ("Input should", "Extra inputs", "Tuple", "Field required", "Expecting", "ctx"):
        assert word not in str(raised.value)
    return raised.value
