"""A JSON file that people have edited -> its content, or what is wrong in which line."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any, NoReturn

from hangtag.faults import shown
from hangtag.files.json_mistakes import mistake_at

# Strings, and what opens, closes and parts objects and lists.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)


class JsonFault(ValueError):
    """What is wrong with a JSON file: what follows its name in a sentence, without a full stop."""


class WrittenFloat(float):
    """A number that remembers how it is written: 2026.10 is not 2026.1 where it is a version."""

    written: str

    def __new__(cls, written: str) -> WrittenFloat:
        """Return the number of a text."""
        number = super().__new__(cls, written)
        number.written = written
        return number


def parse_json(content: bytes) -> Any:
    """Return what a file in UTF-8 or UTF-16, with a byte order mark or without, holds.

    Numbers with a fraction are `WrittenFloat`.

    Raises
    ------
    JsonFault : if it is no JSON, holds NaN or Infinity, or has a key twice in one object.
    """
    text = _decoded(content)
    if not text.strip():
        raise JsonFault("is empty")
    try:
        document = json.loads(
            text,
            parse_float=WrittenFloat,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repetition,
        )
        # Halves of letters can be written as JSON, and nowhere else.
        json.dumps(document, ensure_ascii=False).encode()
        return document
    except json.JSONDecodeError as error:
        raise JsonFault(f"is not JSON: {_mistake(text, error)}") from error
    except UnicodeEncodeError as error:
        raise JsonFault("holds half of a letter (\\ud…); write the letter itself") from error
    except RecursionError as error:
        raise JsonFault("nests its lists and objects too deeply") from error
    except _RepeatedKey as error:
        raise JsonFault(_where_repeated(text)) from error
    except JsonFault:
        raise
    except ValueError as error:
        raise JsonFault("holds a number of too many digits") from error


def _decoded(content: bytes) -> str:
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise JsonFault(
            f"is neither UTF-8 nor UTF-16 (line {line}, byte {error.start:,}); save it as UTF-8"
        ) from error


def _refuse_constant(word: str) -> NoReturn:
    raise JsonFault(f"holds {word}, which is no JSON number; write a number or null")


class _RepeatedKey(Exception):
    """An object has a key twice; where, only the text tells."""


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKey
    return found


def _where_repeated(text: str) -> str:
    objects: list[dict[str, int]] = []
    tokens = list(_TOKEN.finditer(text))
    for token, following in pairwise(tokens):
        if token[0] in "{[":
            objects.append({})
        elif token[0] in "}]":
            objects.pop()
        elif following[0] == ":":
            key = json.loads(token[0])
            if key in objects[-1]:
                first, second = (_line(text, at) for at in (objects[-1][key], token.start()))
                return (
                    f"has the key {shown(key)} twice, in line {first} and line {second}; keep one"
                )
            objects[-1][key] = token.start()
    return "has a key twice in one object; keep one"


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _mistake(text: str, error: json.JSONDecodeError) -> str:
    # A comma too many is where it stands, not at the next line's end.
    comma = text[: error.pos].rstrip()
    at_comma = comma.endswith(",") and text[error.pos : error.pos + 1] in ("]", "}")
    line = _line(text, len(comma) if at_comma else error.pos)
    return f"line {line}: {mistake_at(text, error.pos, error.msg)}"
