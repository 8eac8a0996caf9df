"""JSON of a known shape; what is wrong with it is one sentence."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from hangtag.errors import DataInvalid
from hangtag.faults import first_fault
from hangtag.files.json_file import JsonFault, parse_json

Shape = TypeVar("Shape")


def read_json(path: Path, shape: TypeAdapter[Shape]) -> Shape:
    """Read a JSON file.

    Raises
    ------
    DataInvalid : if the file cannot be read, is no JSON, or has another shape.
    """
    try:
        content = path.read_bytes()
        return shape.validate_json(_as_utf8(content))
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataInvalid(f"{path} is not Unicode (byte {error.start:,}).") from error
    except ValidationError as error:
        raise DataInvalid(_sentence(path, content, error)) from error


def _as_utf8(content: bytes) -> bytes:
    encoding = json.detect_encoding(content)
    return content if encoding == "utf-8" else content.decode(encoding).encode()


def _sentence(path: Path, content: bytes, error: ValidationError) -> str:
    if error.errors(include_url=False)[0]["type"] == "json_invalid":
        try:
            parse_json(content)
        except JsonFault as fault:
            return f"{path} {fault}."
    return f"{path}: {first_fault(error, BaseModel).at()}."
