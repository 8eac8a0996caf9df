"""Connections that promise large bodies or say nothing: everybody else is served."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chaos.bystanders import alone, others, supplier_load, unharmed, waiting_times
from chaos.server import ServerUnderTrial, kill
from chaos.settings import ChaosSettings
from chaos.trials.worker_killed import MAX_RECOVERY_S
from chaos.variant_server import VariantOrders, serving_variant
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer
from loadtest.client.load import Load
from loadtest.client.running import RunningLoad
from loadtest.client.samples import Sample, outcome_counts
from loadtest.client.wire import Address, Connection, ask_once, assemble
from server.settings import edge_settings

_OTHERS_PER_S = 10.0
_LATE = "408 request_incomplete"
# The grace of two seconds, and time to answer on a busy machine.
_LATE_S = 6.0
_SETTLE_S = 0.5
_MAX_HELD_MB = 1.0
_TIMEOUT_S = 20.0


def run_promises(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Promise as much as a request may have, send headers, and nothing more."""
    ordinary = supplier_load(server.address, "others")
    before = alone(ordinary, _OTHERS_PER_S, settings.slow_s).samples
    promise = assemble(
        length=edge_settings().max_request_bytes, headers=[("Content-Type", "image/jpeg")]
    )
    with others(ordinary, _OTHERS_PER_S, max(settings.slow_s, _LATE_S)) as running:
        answers, held_bytes = asyncio.run(_promise(server, promise, settings.promises))
        among = running.result().samples
    late = [each for each in answers if each.outcome == _LATE]
    return Row(
        "promised bodies",
        f"{settings.promises} connections promise {edge_settings().max_request_bytes / 1e6:.0f} MB "
        f"each and send headers, {len(among)} others",
        (
            *unharmed(before, among, settings.max_slowdown, settings),
            Check("held for promises", held_bytes / 1e6, _MAX_HELD_MB, "MB"),
            Check(f"told {_LATE}", len(late), settings.promises, at_least=True),
            Check("slowest of these", max(each.seconds for each in answers), _LATE_S, "s"),
        ),
        (
            waiting_times(before, among),
            f"promises: {outcome_counts(each.outcome for each in answers)}",
        ),
    )


async def _promise(
    server: ServerUnderTrial, promise: bytes, count: int
) -> tuple[list[Answer], float]:
    asking = [
        asyncio.create_task(ask_once(server.address, promise, _TIMEOUT_S)) for _ in range(count)
    ]
    await asyncio.sleep(_SETTLE_S)
    # What others send is small, and gone in a moment.
    held = [await asyncio.to_thread(server.metric, "hangtag_held_bytes") for _ in range(3)]
    return await asyncio.gather(*asking), min(held)


def run_idle(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Open more connections than a server has descriptors for; then kill a worker."""
    orders = VariantOrders(
        archive=server.archive.resolve(), backend=server.backend, descriptors=settings.descriptors
    )
    with serving_variant(orders) as serving:
        poor = ServerUnderTrial(serving, server.archive)
        ordinary = supplier_load(poor.address, "others")
        before = alone(ordinary, _OTHERS_PER_S, settings.slow_s).samples
        with others(ordinary, _OTHERS_PER_S, _TIMEOUT_S + MAX_RECOVERY_S) as running:
            opened, recovery_s = asyncio.run(
                _crowd(poor, running, settings.idle_connections, settings.slow_s)
            )
            among = running.end().samples
    return Row(
        "idle connections",
        f"{opened} of {settings.idle_connections} connections opened without a word to a server "
        f"of {settings.descriptors} descriptors; SIGKILL on a worker meanwhile",
        (
            *unharmed(before, _with_a_worker(among), settings.max_slowdown, settings),
            Check("lost with the worker", len(among) - len(_with_a_worker(among)), _in_batch(poor)),
            Check("connections opened", opened, settings.idle_connections / 2, at_least=True),
            Check("worker back after", recovery_s, MAX_RECOVERY_S, "s"),
        ),
        (waiting_times(before, among),),
    )


async def _crowd(
    server: ServerUnderTrial, running: RunningLoad, count: int, seconds: float
) -> tuple[int, float]:
    async with _idle(server.address, count) as opened:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(kill, server.workers()[0])
        began = time.monotonic()
        # Until the edge has seen that it is gone.
        await asyncio.sleep(_SETTLE_S)
        is_back = await asyncio.to_thread(server.wait_until_ready, MAX_RECOVERY_S)
        recovery_s = time.monotonic() - began if is_back else float("inf")
        await asyncio.to_thread(running.flow, seconds)
    return opened, recovery_s


@asynccontextmanager
async def _idle(address: Address, count: int) -> AsyncIterator[int]:
    connections = [Connection(address) for _ in range(count)]
    opened = 0
    try:
        for connection in connections:
            with suppress(OSError):
                await connection.open()
                opened += 1
        yield opened
    finally:
        for connection in connections:
            connection.close()


def _with_a_worker(samples: list[Sample]) -> list[Sample]:
    return [each for each in samples if each.outcome != "503 worker_lost"]


def _in_batch(server: ServerUnderTrial) -> int:
    return server.batch_size
