"""Whether the answer to a hostile request is what the contract allows."""

from chaos.fuzzing.cases import FuzzCase
from chaos.fuzzing.second_reader import reading_of
from chaos.response_equality import MAX_DIFFERENCE, Decided, decided, largest_difference
from loadtest.client.answer import Answer, breach_of_contract

# A client may ask for a deadline that cannot be kept; then it is told so.
_OWN_DEADLINE = b"x-request-timeout-ms"
_IN_A_HURRY = ("504 deadline_exceeded", "503 overloaded")


def complaint(case: FuzzCase, answer: Answer) -> str | None:
    """Return what is wrong with an answer; None if it is one that a client may be given."""
    reading = reading_of(case.request) if case.malformed else "whole"
    if answer.status is None:
        # Only of what may still become a request may nothing be said yet.
        waits = reading == "incomplete" and answer.lost == "timeout"
        return None if waits else f"no answer: {answer.lost}"
    if answer.ok and reading != "whole":
        return f"answered {answer.outcome} to what is no request"
    if _OWN_DEADLINE in case.request.lower() and answer.outcome in _IN_A_HURRY:
        return None
    if not (200 <= answer.status < 300 or 400 <= answer.status < 500):
        return f"answered {answer.outcome}"
    return breach_of_contract(answer, has_body=not case.request.startswith(b"HEAD "))


def neighbour_complaint(expected: Decided, answer: Answer) -> str | None:
    """Return how a good request's answer differs from the one it got when it was alone."""
    if not answer.ok:
        return f"good neighbour answered {answer.outcome}"
    given = decided(answer.document)
    same = largest_difference(expected, given) < MAX_DIFFERENCE
    if not same or given.decisions != expected.decisions:
        return "good neighbour answered otherwise than alone"
    return None
