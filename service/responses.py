"""What the edge answers with, as Starlette's responses."""

from http import HTTPStatus

from starlette.responses import Response

from hangtag.errors import RequestFailed
from hangtag.handover import JSON, OK, PROBLEM_JSON, HandedAnswer
from hangtag.schema import Problem
from service.connection import NOT_HTTP
from service.errors import (
    MessageInvalid,
    MethodNotAllowed,
    Overloaded,
    RequestIncomplete,
    Unavailable,
)


class Answer(Response):
    """A response, and what it is counted as: ok, or the code of its problem."""

    outcome = OK


def json_response(body: bytes) -> Answer:
    """Return a JSON document that is there already."""
    return Answer(body, media_type=JSON)


def handed_response(answer: HandedAnswer) -> Answer:
    """Return what a worker answered."""
    response = Answer(answer.body, answer.status, media_type=answer.content_type)
    response.outcome = answer.measured.outcome
    return response


def problem_response(error: RequestFailed) -> Answer:
    """Return the problem document of an error, with the headers that belong to it."""
    response = Answer(Problem.of(error).model_dump_json(), error.status, media_type=PROBLEM_JSON)
    response.outcome = error.code
    if isinstance(error, MethodNotAllowed):
        response.headers["allow"] = ", ".join(error.allowed)
    if isinstance(error, Unavailable):
        response.headers["retry-after"] = str(error.retry_after_s)
    return response


def unread_problem(status: int, settings_ms: int) -> tuple[str, bytes]:
    """Return code and whole HTTP message for what could not even be read as a request."""
    error = _unread(status, settings_ms)
    body = Problem.of(error).model_dump_json().encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {PROBLEM_JSON}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(["Retry-After: 1"] if status == HTTPStatus.SERVICE_UNAVAILABLE else []),
    ]
    return error.code, "\r\n".join([*lines, "", ""]).encode() + body


def _unread(status: int, read_timeout_ms: int) -> RequestFailed:
    if status == RequestIncomplete.status:
        return RequestIncomplete(
            f"The request did not arrive completely within {read_timeout_ms} ms; send it anew."
        )
    if status == MessageInvalid.status:
        return MessageInvalid(NOT_HTTP)
    return Overloaded("Too many connections are open; send it again in 1 s.")
