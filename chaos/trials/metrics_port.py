"""The metrics' port: it gives figures away, and takes nothing in."""

import asyncio
from contextlib import suppress

from chaos.memory_watch import MemoryWatch
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.slow_clients import own_process, send_huge
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer
from loadtest.client.load import Load
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import Address, Connection, ask_once, assemble

_TIMEOUT_S = 10.0
_UPLOAD_BYTES = 59_000_000
_UPLOADS = 4
_MAX_HELD_BYTES = 30_000_000
_IDLE = 64
_CALLS = (
    ("POST", "/metrics"),
    ("PUT", "/metrics"),
    ("DELETE", "/metrics"),
    ("POST", "/"),
    ("POST", "/predictions/tagger"),
    ("GET", "/predictions/tagger"),
    ("GET", "/models"),
    ("POST", "/models?url=https://example.test/other.mar"),
    ("GET", "/ping"),
)


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send what is not its business, large uploads, and connections that stay open."""
    refused = [_ask(server.metrics, method, target) for method, target in _CALLS]
    before = server.health().memory_bytes
    with own_process() as other_process, MemoryWatch(server) as watch:
        uploads = other_process.submit(
            send_huge, server.metrics, _UPLOADS, _UPLOAD_BYTES, _TIMEOUT_S, "/metrics"
        ).result()
    grown = watch.peaks.all_bytes - before
    scraped = asyncio.run(_scrape_among_idle(server.metrics))
    return Row(
        "metrics port",
        f"{len(_CALLS)} foreign calls, {_UPLOADS} uploads of {_UPLOAD_BYTES / 1e6:.0f} MB, "
        f"{_IDLE} connections without a word",
        (
            Check("calls not refused", sum(each.status not in (404, 405) for each in refused), 0),
            Check("uploads not refused", sum(each.status != 405 for each in uploads), 0),
            Check("held for uploads", grown / 1e6, _MAX_HELD_BYTES / 1e6, "MB"),
            Check("scrape answered", int(scraped.status == 200), 1, at_least=True),
            Check("slowest scrape", scraped.seconds, 1.0, "s"),
        ),
        (
            outcome_counts(each.outcome for each in (*refused, *uploads)),
            f"{watch.peaks.looks} looks at the memory",
        ),
    )


def _ask(address: Address, method: str, target: str) -> Answer:
    return asyncio.run(ask_once(address, assemble(method=method, target=target), _TIMEOUT_S))


async def _scrape_among_idle(address: Address) -> Answer:
    connections = [Connection(address) for _ in range(_IDLE)]
    try:
        for connection in connections:
            with suppress(OSError):
                await connection.open()
        return await ask_once(address, assemble(method="GET", target="/metrics"), _TIMEOUT_S)
    finally:
        for connection in connections:
            connection.close()
