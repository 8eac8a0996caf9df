"""Deadlines that callers set themselves and that cannot be kept: no fault of the server's."""

import asyncio

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import breach_of_contract
from loadtest.client.load import Load
from loadtest.client.photos import costly_photo
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import ask_once, assemble

_REQUESTS = 20
_TIMEOUT_S = 10.0
EXCEEDED = "504 deadline_exceeded"
_OWN, _OURS = "caller_deadline", "deadline_exceeded"


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Ask for an answer within a millisecond, one request after the other."""
    headers = [("Content-Type", "image/png"), ("X-Request-Timeout-Ms", "1")]
    # None can be answered in time.
    request = assemble(costly_photo((250, 20, 20)), headers=headers)
    before = server.answers_by_outcome()
    answers = [asyncio.run(ask_once(server.address, request, _TIMEOUT_S)) for _ in range(_REQUESTS)]
    after = server.answers_by_outcome()
    exceeded = sum(each.outcome == EXCEEDED for each in answers)
    broken = sum(breach_of_contract(each) is not None for each in answers)
    return Row(
        "callers' own deadlines",
        f"{_REQUESTS} photos with X-Request-Timeout-Ms: 1, one after the other",
        (
            Check(f"answered {EXCEEDED}", exceeded, _REQUESTS, at_least=True),
            Check("not problem+json", broken, 0),
            Check(f"counted as {_OWN}", _more(_OWN, before, after), _REQUESTS, at_least=True),
            Check(f"counted as {_OURS}", _more(_OURS, before, after), 0),
        ),
        (outcome_counts(each.outcome for each in answers),),
    )


def _more(outcome: str, before: dict[str, int], after: dict[str, int]) -> int:
    return after.get(outcome, 0) - before.get(outcome, 0)
