"""JSON of a known shape; what is wrong with it is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from hangtag.errors import DataInvalid

Shape = TypeVar("Shape")


def read_json(path: Path, shape: TypeAdapter[Shape]) -> Shape:
    """Read a JSON file.

    Raises
    ------
    DataInvalid : if the file cannot be read, is no JSON, or has another shape.
    """
    try:
        return shape.validate_json(path.read_bytes())
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise DataInvalid(f"{path}: {first_fault(error)}.") from error


def first_fault(error: ValidationError) -> str:
    """Return where pydantic found the first fault, and what it is."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
