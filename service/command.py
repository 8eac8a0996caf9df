"""`hangtag openapi`: the API's OpenAPI document as a file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import one_sentence_errors
from hangtag.files.whole_file import write_whole
from service.openapi import openapi_document

PAGE = Path("docs/openapi.json")


@one_sentence_errors
def openapi(
    out: Annotated[Path, typer.Option(help="The file to write.")] = PAGE,
) -> None:
    """Write the OpenAPI document of the API, as GET /openapi.json has it."""
    write_whole(out, as_text())
    print(f"Wrote the API's OpenAPI document to {out}.")


def as_text() -> str:
    """Return the document as it lies in the repository."""
    return json.dumps(openapi_document(), indent=1) + "\n"
