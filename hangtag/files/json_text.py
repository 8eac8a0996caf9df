"""The bytes of a JSON document -> what it holds, or one sentence that says where it is wrong."""

import codecs
import json
from collections.abc import Sequence
from typing import Any

from hangtag.errors import RequestError
from hangtag.faults import shown
from hangtag.files.json_mistakes import mistake_at
from hangtag.files.json_size import MAX_JSON_ITEMS, holds_too_much
from hangtag.recognition.lookalikes import is_photo, name_of_text
from hangtag.recognition.web_forms import advice_on_form

# No object of the contract has a tenth of them; a million would only fill the memory.
_MAX_FIELDS = 1000
# What is read besides Unicode, where a client says so. Names are not looked up among all codecs:
# Python would remember each that it does not know.
_CODECS = {
    "iso88591": "latin-1",
    "latin1": "latin-1",
    "iso885915": "iso8859-15",
    "windows1252": "cp1252",
    "cp1252": "cp1252",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
}
_CHARSETS = "ISO-8859-1, ISO-8859-15 and Windows-1252"


def read_json(data: bytes, path: str, charset: str | None = None) -> Any:
    """Return what a JSON document holds; it may have a byte order mark, and be UTF-16.

    Parameters
    ----------
    path : where the document stands in the request, such as `$`
    charset : what the Content-Type says, asked only where the bytes are no Unicode

    Raises
    ------
    RequestError : if it is no JSON, or has a field twice with different values.
    """
    text = _text(data, path, charset)
    if holds_too_much(text):
        raise RequestError(
            f"{_name(path)} is JSON of more than {MAX_JSON_ITEMS:,} items; send one product a "
            "request.",
            path,
        )
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise RequestError(f"{_name(path)} is no JSON: {_mistake(error)}.", path) from error
    except RecursionError as error:
        raise RequestError(f"{_name(path)} is JSON that is nested too deeply.", path) from error
    except _FieldsWrong as error:
        raise RequestError(f"{_name(path)} is JSON that {error}.", path) from error
    except ValueError as error:
        # Python reads no number of more than 4,300 digits.
        raise RequestError(
            f"{_name(path)} is JSON that holds a number of too many digits.", path
        ) from error


def read_json_object(data: bytes, path: str, charset: str | None = None) -> dict[str, Any]:
    """Like `read_json`, of a document that must be an object.

    Raises
    ------
    RequestError
    """
    document = read_json(data, path, charset)
    if isinstance(document, dict):
        return document
    raise RequestError(f"{_name(path)} {_other_than_object(document)}.", path)


def _name(path: str) -> str:
    return "The body" if path == "$" else f"The part {path.removeprefix('$.')!r}"


class _FieldsWrong(ValueError):
    """What is wrong with an object's fields; its place is not known while the text is read."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MAX_FIELDS:
        raise _FieldsWrong(f"holds an object of more than {_MAX_FIELDS:,} fields")
    document = dict(pairs)
    if len(document) < len(pairs):
        for name, value in pairs:
            if document[name] != value:
                raise _FieldsWrong(f"has the field {shown(name)} twice, with different values")
    return document


def _text(data: bytes, path: str, charset: str | None) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        declared = decode_declared(data, charset)
        if declared is not None:
            return declared
        unnamed = f"; if the Content-Type names its charset, {_CHARSETS} are read, too"
        raise RequestError(
            f"{_name(path)} is not JSON in UTF-8{_looks_like(data)}; send it in UTF-8"
            f"{charset_hint(charset) if charset else unnamed}.",
            path,
        ) from error


def decode_declared(data: bytes, charset: str | None) -> str | None:
    """Return text in the charset that a client names.

    None if that is not one of the few that are read besides UTF-8.
    """
    name = "".join(letter for letter in (charset or "").lower() if letter.isalnum())
    return data.decode(_CODECS[name], "replace") if name in _CODECS else None


def charset_hint(charset: str | None) -> str:
    """Return which charsets are read besides UTF-8.

    It ends a sentence to a client that names another.
    """
    is_known = charset is None or charset.lower() in ("utf-8", "utf8")
    return "" if is_known else f"; instead of {charset!r}, {_CHARSETS} are read, too"


def _looks_like(data: bytes) -> str:
    if is_photo(data):
        return ": it is a photo"
    name = name_of_text(data)
    return f": it looks like {name}" if name else ""


def _other_than_object(document: Any) -> str:
    if isinstance(document, str) and document.lstrip().startswith(("{", "[")):
        return "is a text that holds JSON: it was encoded twice; send the object itself"
    if isinstance(document, list):
        return "is a list; send one product, an object, a request"
    name = name_of_text(document) if isinstance(document, str) else None
    what = name or shown(document)
    return f'is {what}; send an object such as {{"images": [{{"content": "…"}}]}}'


def _mistake(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "it is empty"
    where = f"at line {error.lineno}, column {error.colno}"
    begins_wrong = not error.doc[: error.pos].strip() and error.doc[error.pos :][:1] not in "{["
    if begins_wrong:
        name = name_of_text(error.doc) or f"text that begins with {error.doc.strip()[:1]!r}"
        advice = advice_on_form(name)
        return f"it looks like {name}{f'; {advice}' if advice else ''}"
    return f"{where} {mistake_at(error.doc, error.pos, error.msg)}"
