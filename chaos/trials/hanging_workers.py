"""Workers that all hang, or are all gone: the server says so, and takes nothing in."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from chaos.server import ServerUnderTrial, eventually, kill, paused
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.photos import drawn_photo
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import Address, ask_once, assemble
from loadtest.tagging_requests import photo_request

_PING = assemble(method="GET", target="/ping")
_PING_TIMEOUT_S = 2.0
_LOOK_INTERVAL_S = 0.1
# As little as comes at night: it must not take a full house to notice.
_INTERVAL_S = 1.0
_LATEST_S = 1.5
_REFUSAL_S = 1.0
_RETURN_TIMEOUT_S = 30.0
_GONE = "503 worker_lost"


@dataclass(frozen=True)
class _Seen:
    """What callers saw while no worker worked: until /ping said so, and from then on."""

    noticed_s: float
    before: list[Answer]
    refused: list[Answer]


def run_stopped(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Stop all workers where they are, and send a photo a second."""
    workers = server.workers()
    with paused(workers):
        seen = asyncio.run(_look(server.address, settings.time_limit_s + _LATEST_S))
    return _row("all workers hang", f"SIGSTOP on {len(workers)} workers", server, seen, settings)


def run_killed(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Kill all workers at once, and again those that come for them, for a while."""
    killed = 0

    def kill_all() -> None:
        nonlocal killed
        for worker in server.workers():
            kill(worker)
            killed += 1

    kill_all()
    seen = asyncio.run(_look(server.address, _LATEST_S, kill_all))
    return _row("all workers gone", f"SIGKILL on {killed} workers", server, seen, settings)


async def _look(
    address: Address, timeout_s: float, meanwhile: Callable[[], None] = lambda: None
) -> _Seen:
    """Send a photo now and then until /ping says that it is of no use, and two from then on."""
    began = time.monotonic()
    sent: list[asyncio.Task[Answer]] = []
    noticed_s = float("inf")
    while time.monotonic() - began < timeout_s:
        if time.monotonic() - began >= len(sent) * _INTERVAL_S:
            sent.append(asyncio.create_task(_photo(address)))
        if (await ask_once(address, _PING, _PING_TIMEOUT_S)).status == 503:
            noticed_s = time.monotonic() - began
            break
        await asyncio.sleep(_LOOK_INTERVAL_S)
    meanwhile()
    refused = [await _photo(address), await _photo(address)]
    return _Seen(noticed_s, await asyncio.gather(*sent), refused)


async def _photo(address: Address) -> Answer:
    return await ask_once(address, photo_request(drawn_photo(0)), _RETURN_TIMEOUT_S)


def _row(
    name: str, tried: str, server: ServerUnderTrial, seen: _Seen, settings: ChaosSettings
) -> Row:
    slowest_s = max(each.seconds for each in seen.before)
    answers = (*seen.before, *seen.refused)
    broken = sum(breach_of_contract(each) is not None or not each.status for each in answers)
    back = eventually(lambda: _is_well(server), _RETURN_TIMEOUT_S)
    return Row(
        name,
        f"{tried}, a photo a second",
        (
            Check("/ping 503 after", seen.noticed_s, settings.time_limit_s + _LATEST_S, "s"),
            Check("slowest answer", slowest_s, settings.time_limit_s + _LATEST_S, "s"),
            Check("refused then", _counted(seen.refused), 2, at_least=True),
            Check("slowest refusal", max(each.seconds for each in seen.refused), _REFUSAL_S, "s"),
            Check("not problem+json", broken, 0),
            Check("not back afterwards", int(not back), 0),
        ),
        (f"until then {outcome_counts(each.outcome for each in seen.before)}",),
    )


def _counted(refused: list[Answer]) -> int:
    return sum(each.outcome == _GONE and "retry-after" in each.headers for each in refused)


def _is_well(server: ServerUnderTrial) -> bool:
    answers = [
        asyncio.run(ask_once(server.address, request, _PING_TIMEOUT_S))
        for request in (_PING, photo_request(drawn_photo(0)))
    ]
    return all(each.ok for each in answers) and server.wait_until_ready(0)
