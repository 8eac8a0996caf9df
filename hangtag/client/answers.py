"""What a tagger answers -> tags, or the error that it means."""

import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2
from pydantic import ValidationError

from hangtag.errors import HangtagError, RequestFailed, ServerUnavailable
from hangtag.schema import Problem, TagResponse

# No room now (429, 503), or the proxy has no tagger for a moment (502): all say nothing of the
# product, and a product may be sent twice, as nothing is kept of it.
TRY_AGAIN = (429, 502, 503)
LONGEST_WAIT_S = 60.0


class ProblemAnswered(HangtagError):
    """The tagger answered a product with an error, which is in `problem`.

    It is also the error of that code, where `hangtag.errors` has one: `except ImageUndecodable`
    meets it.
    """

    def __init__(self, problem: Problem) -> None:
        Exception.__init__(self, problem.detail)
        self.problem = problem
        self.path = problem.path


def _with_those_below(error: type[RequestFailed]) -> list[type[RequestFailed]]:
    return [error, *(each for below in error.__subclasses__() for each in _with_those_below(below))]


_BY_CODE: dict[str, type[ProblemAnswered]] = {
    error.code: type(error.__name__, (ProblemAnswered, error), {"__doc__": error.__doc__})
    for error in _with_those_below(RequestFailed)
}


def problem_answered(problem: Problem) -> ProblemAnswered:
    """Return the error of a problem, by its code."""
    return _BY_CODE.get(problem.code, ProblemAnswered)(problem)


def tags_of(answer: httpx2.Response, address: str) -> TagResponse:
    """Return the tags that were answered.

    Raises
    ------
    ProblemAnswered : if the tagger answered with an error.
    ServerUnavailable : if it is no tagger that answered.
    """
    if answer.status_code != HTTPStatus.OK:
        raise problem_answered(_problem_of(answer))
    try:
        return TagResponse.model_validate_json(answer.content)
    except ValidationError as error:
        raise ServerUnavailable(f"What answers at {address} is not a tagger.") from error


def require_tagger(answer: httpx2.Response, address: str) -> None:
    """Check what /ping answers.

    Raises
    ------
    ServerUnavailable : if it is no tagger, or it wants another key.
    """
    # An ingress need not let /ping through; and it may be starting.
    if answer.is_success or answer.status_code in (HTTPStatus.NOT_FOUND, *TRY_AGAIN):
        return
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        said = f"refuses the API key, or wants one ({answer.status_code})"
    elif to := answer.headers.get("Location"):
        said = f"leads on to {to}; give that address"
    else:
        said = f"is not a tagger ({answer.status_code} {answer.reason_phrase})"
        raise ServerUnavailable(f"What answers at {address} {said}.")
    raise ServerUnavailable(f"{address} {said}.")


def unavailable(address: str, error: Exception) -> ServerUnavailable:
    """Return what it means that nothing answers."""
    reason = str(error) or type(error).__name__
    return ServerUnavailable(f"No tagger answers at {address} ({reason}); is it running?")


def wait_before_next_s(answer: httpx2.Response) -> float | None:
    """Return the seconds that a server asks to wait; None where it does not say."""
    value = answer.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (at - datetime.datetime.now(datetime.UTC)).total_seconds()
    return min(max(0.0, seconds), LONGEST_WAIT_S)


def _problem_of(answer: httpx2.Response) -> Problem:
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        # Of something on the way, such as a load balancer.
        status, phrase = answer.status_code, answer.reason_phrase
        return Problem(
            title=phrase,
            status=status,
            detail=f"Answered with {status} {phrase}.",
            code=f"http_{status}",
        )
