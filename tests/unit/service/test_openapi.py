"""The OpenAPI document is that of the contract, and lies in the repository as it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import hangtag.errors
import service.errors
from hangtag.cli.app import app
from hangtag.errors import RequestFailed
from service.command import PAGE, as_text
from service.openapi import openapi_document

PROJECT = Path(__file__).parents[3]


def test_what_lies_in_the_repository_is_not_stale() -> None:
    assert (PROJECT / PAGE).read_text("utf-8") == as_text(), "run `hangtag openapi`"


def test_the_command_writes_it(tmp_path: Path) -> None:
    out = tmp_path / "api.json"
    result = CliRunner().invoke(app, ["openapi", "--out", str(out)])
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert json.loads(out.read_text("utf-8"))["openapi"] == "3.1.0"


def references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from (document["$ref"],) if "$ref" in document else ()
        for each in document.values():
            yield from references(each)
    elif isinstance(document, list):
        for each in document:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    document = openapi_document()
    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def concrete(error: type[RequestFailed]) -> list[type[RequestFailed]]:
    return [error, *(each for below in error.__subclasses__() for each in concrete(below))]


@pytest.mark.parametrize(
    "error",
    [
        each
        for each in concrete(RequestFailed)
        if each.__module__ in (hangtag.errors.__name__, service.errors.__name__)
        and each not in (service.errors.Unavailable, service.errors.MethodNotAllowed)
    ],
    ids=lambda error: error.__name__,
)
def test_every_code_is_told(error: type[RequestFailed]) -> None:
    told = {
        (status, code)
        for path in openapi_document()["paths"].values()
        for method in path.values()
        for status, response in method["responses"].items()
        for content in response.get("content", {}).values()
        for code in content.get("examples", {})
    }
    assert (str(error.status), error.code) in told
