"""Requests that two readers could understand in two ways: refused, and nothing else is answered."""

import asyncio
from dataclasses import dataclass

from chaos.fuzzing.smuggling import ambiguous_requests, with_a_hidden_one
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import Address, Connection

_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class _Answered:
    """The first answer to a request, and whether another followed it."""

    first: Answer
    followed: bool


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send each, with a second request behind it."""
    answered = asyncio.run(_ask_all(server.address))
    firsts = {name: each.first for name, each in answered.items()}
    taken = [name for name, each in firsts.items() if each.ok]
    unanswered = [name for name, each in firsts.items() if each.status is None]
    otherwise = [name for name, each in firsts.items() if each.status not in (None, 400)]
    broken = [name for name, each in firsts.items() if breach_of_contract(each)]
    followed = [name for name, each in answered.items() if each.followed]
    return Row(
        "ambiguous requests",
        f"{len(answered)} that two readers could understand in two ways, each with another behind",
        (
            Check("taken", len(taken), 0),
            Check("not answered", len(unanswered), 0),
            Check("answered otherwise than 400", len(otherwise), 0),
            Check("not problem+json", len(broken), 0),
            Check("what was hidden answered", len(followed), 0),
        ),
        (
            outcome_counts(each.outcome for each in firsts.values()),
            *(f"taken: {name}" for name in taken),
            *(f"not answered: {name}" for name in unanswered),
            *(f"{firsts[name].outcome}: {name}" for name in otherwise),
            *(f"what was hidden answered: {name}" for name in followed),
        ),
    )


async def _ask_all(address: Address) -> dict[str, _Answered]:
    requests = ambiguous_requests()
    answers = await asyncio.gather(*(_ask(address, each) for each in requests.values()))
    return dict(zip(requests, answers, strict=True))


async def _ask(address: Address, request: bytes) -> _Answered:
    connection = Connection(address)
    try:
        await connection.open()
        first = await connection.ask(with_a_hidden_one(request), _TIMEOUT_S)
        # Nothing is sent for it: only what was hidden could be answered.
        second = await connection.ask(b"", _TIMEOUT_S)
    finally:
        connection.close()
    return _Answered(first, followed=second.status is not None)
