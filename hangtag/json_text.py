"""The bytes of a JSON document -> what it holds, or one sentence that says where it is wrong."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from typing import Any

from hangtag.errors import RequestError
from hangtag.faults import shown
from hangtag.lookalikes import is_photo, name_of_text

# No object of the contract has a tenth of them; a million would only fill the memory.
_MAX_FIELDS = 1000
# Those that name themselves in a Content-Type and that clients write by mistake.
_OTHER_CHARSETS = frozenset(
    {"iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}
)
_MISTAKES = {
    "'": "names and texts stand in double quotes, not in single ones",
    "/": "comments are no part of JSON",
    "#": "comments are no part of JSON",
    "N": "None and NaN are not known, only null",
    "T": "True is written true",
    "F": "False is written false",
    "u": "undefined is not known, only null",
}


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
        if charset and is_other_charset(charset):
            return data.decode(charset, "replace")
        raise RequestError(
            f"{_name(path)} is not JSON in UTF-8{_looks_like(data)}; send it in UTF-8.", path
        ) from error


def is_other_charset(charset: str) -> bool:
    """Whether it is one of the few encodings that are read besides UTF-8, if a client says so."""
    try:
        return codecs.lookup(charset).name in _OTHER_CHARSETS
    except LookupError:
        return False


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
        start = error.doc.strip()[:1]
        return f"it looks like {name_of_text(error.doc) or f'text that begins with {start!r}'}"
    return f"{where} {_mistake_at(error.doc, error.pos, error.msg)}"


def _mistake_at(text: str, position: int, message: str) -> str:
    here, rest = text[position : position + 1], text[position + 1 : position + 200].lstrip()
    before = text[max(0, position - 200) : position].rstrip()[-1:]
    if (here in "]}" and before == ",") or (here == "," and rest[:1] in ("]", "}")):
        return "there is a comma too many before the end of a list or an object"
    if message.startswith("Unterminated string"):
        return "a text begins that does not end"
    if message.startswith("Invalid control"):
        return "a text holds a line break or another control character"
    if message.startswith("Invalid \\"):
        return "a text holds a backslash that should be written twice"
    if message.startswith("Extra data"):
        return "there is more after its end"
    if not text[position:].strip():
        return "it ends too early"
    if message.startswith("Expecting ','"):
        return f"a comma is missing before {here!r}"
    return _MISTAKES.get(here) or f"{here!r} was not expected"
