"""Whether the answer to a hostile request is what the contract allows."""

from chaos.fuzzing.cases import FuzzCase
from chaos.response_equality import MAX_DIFFERENCE, Decided, decided, largest_difference
from loadtest.client.answer import Answer, breach_of_contract

# A client may ask for a deadline that cannot be kept; then it is told so.
_OWN_DEADLINE = b"x-request-timeout-ms"
_IN_A_HURRY = ("504 deadline_exceeded", "503 overloaded")


def complaint(case: FuzzCase, answer: Answer) -> str | None:
    """Return what is wrong with an answer; None if it is one that a client may be given."""
    if answer.status is None:
        # What is no HTTP may be hung up on; only what is an answer must be one.
        hung_up = case.malformed and answer.lost in ("closed", "timeout")
        return None if hung_up else f"no answer: {answer.lost}"
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
