"""The error tree and the drawing of it at the top of the module say the same."""

from collections.abc import Iterator

import pytest

from hangtag import errors
from hangtag.errors import HangtagError, RequestError, RequestFailed
from hangtag.schema import Problem

CONTRACT = {
    "image_undecodable": 400,
    "image_missing": 400,
    "request_invalid": 400,
    "image_too_large": 413,
    "request_too_large": 413,
    "format_unsupported": 415,
    "image_too_many_pixels": 422,
    "too_many_images": 422,
    "unknown_group": 422,
}


def tree(root: type[HangtagError]) -> Iterator[type[HangtagError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


# Other rooms' errors stand beside their code.
OWN = [error for error in tree(HangtagError) if error.__module__ == errors.__name__]


def test_the_contracts_codes_have_their_status() -> None:
    found = [error for error in tree(RequestError) if issubclass(error, RequestError)]
    assert {error.code: error.status for error in found} == CONTRACT


@pytest.mark.parametrize("error", OWN, ids=lambda error: error.__name__)
def test_the_drawing_shows_each_error(error: type[HangtagError]) -> None:
    lines = [line.lstrip("│├└─ ").split() for line in (errors.__doc__ or "").splitlines()]
    answered: list[str] = []
    if issubclass(error, RequestFailed):
        answered = [str(error.status), error.code]
    assert [error.__name__, *answered] in lines


def test_a_problem_carries_status_code_detail_and_path() -> None:
    problem = Problem.of(RequestError("It is wrong.", "$.images[0]"))
    assert problem.model_dump() == {
        "title": "Request invalid",
        "status": 400,
        "detail": "It is wrong.",
        "code": "request_invalid",
        "path": "$.images[0]",
    }


def test_a_problem_without_a_path_leaves_it_out() -> None:
    assert '"path"' not in Problem.of(RequestError("It is wrong.")).model_dump_json()
