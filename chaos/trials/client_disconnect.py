"""Clients that give up: nothing is computed for them."""

import asyncio
import time

from chaos.server import ServerUnderTrial, paused
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.photos import drawn_photo
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import Address, Connection, ask_together, assemble
from loadtest.tagging_requests import photo_request

DEADLINE_MS = 300
MAX_LATENESS_S = 0.3
EXCEEDED = "504 deadline_exceeded"
# A short deadline may also be refused at once, as one that will not be kept.
REFUSED = "503 overloaded"
# What a worker says of a request that it did not begin.
_TOO_LATE = "deadline_exceeded"
# Longer than any deadline here, shorter than what a stopped worker is given to answer.
_PATIENCE_S = 20.0
_LET_IT_ARRIVE_S = 0.5


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """While the workers stand still, close connections and let deadlines pass."""
    # What the workers had been handed before they could know.
    in_flight = server.most_in_flight
    hurried_clients = 3 * in_flight
    computed_for_left = _leave(server, settings.given_up_requests)
    answers, computed_too_late = _hurry(server, hurried_clients)
    outcomes = [each.outcome for each in answers]
    unclear = [each for each in answers if each.outcome not in (EXCEEDED, REFUSED)]
    broken = [each for each in answers if breach_of_contract(each)]
    slowest_s = max(each.seconds for each in answers)
    return Row(
        "clients that give up",
        f"{settings.given_up_requests} clients leave, {hurried_clients} have a deadline of "
        f"{DEADLINE_MS} ms, while the workers stand still",
        (
            Check("computed for those who left", computed_for_left, in_flight),
            Check(EXCEEDED, outcomes.count(EXCEEDED), in_flight, at_least=True),
            Check(f"neither that nor {REFUSED}", len(unclear), 0),
            Check("not problem+json", len(broken), 0),
            Check("slowest answer", slowest_s, DEADLINE_MS / 1000 + MAX_LATENESS_S, "s"),
            Check("computed after the deadline", computed_too_late, in_flight),
        ),
        (
            outcome_counts(outcomes),
            f"up to {in_flight} were handed over before the edge could know",
        ),
    )


def _leave(server: ServerUnderTrial, clients: int) -> int:
    before = _computed(server)
    with paused(server.workers()):
        asyncio.run(_send_and_leave(server.address, clients))
        time.sleep(_LET_IT_ARRIVE_S)
    return _computed_since(before, server)


def _hurry(server: ServerUnderTrial, clients: int) -> tuple[list[Answer], int]:
    before = _computed(server)
    header = ("X-Request-Timeout-Ms", str(DEADLINE_MS))
    request = assemble(drawn_photo(0), headers=[("Content-Type", "image/jpeg"), header])
    with paused(server.workers()):
        answers = asyncio.run(ask_together(server.address, [request] * clients, _PATIENCE_S))
    return answers, _computed_since(before, server)


async def _send_and_leave(address: Address, clients: int) -> None:
    request = photo_request(drawn_photo(0))
    connections = [Connection(address) for _ in range(clients)]
    try:
        for connection in connections:
            await connection.open()
            await connection.send(request)
        # All are in the queue before the first one leaves.
        await asyncio.sleep(_LET_IT_ARRIVE_S)
    finally:
        for connection in connections:
            connection.close()


def _computed_since(before: int, server: ServerUnderTrial) -> int:
    server.wait_until_idle(_PATIENCE_S)
    # One more request is computed after all of theirs, and counted after theirs.
    asyncio.run(ask_together(server.address, [photo_request(drawn_photo(0))], _PATIENCE_S))
    time.sleep(_LET_IT_ARRIVE_S)
    return _computed(server) - before - 1


def _computed(server: ServerUnderTrial) -> int:
    counts = server.requests_by_outcome()
    return sum(count for outcome, count in counts.items() if outcome != _TOO_LATE)
