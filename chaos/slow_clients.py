"""Clients that are a burden, in a process of their own.

They must cost the server, not the one who measures.
"""

import asyncio
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress

from loadtest.client.answer import Answer
from loadtest.client.wire import Address, Connection, ask_together, assemble

_TRICKLE_INTERVAL_S = 0.5
_BODY_BYTES = 10_000_000


@contextmanager
def own_process() -> Iterator[ProcessPoolExecutor]:
    """Provide a process that has started and imported what it needs."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        process.submit(send_huge, Address("", 0), 0, 0, 0.0).result()
        yield process


def send_huge(
    address: Address,
    clients: int,
    body_bytes: int,
    timeout_s: float,
    target: str = "/predictions/tagger",
) -> list[Answer]:
    """Send bodies of this size, all at the same time."""
    headers = [("Content-Type", "image/jpeg")]
    request = assemble(bytes(body_bytes), target=target, headers=headers)
    return asyncio.run(ask_together(address, [request] * clients, timeout_s))


def trickle(address: Address, clients: int, seconds: float) -> None:
    """Hold three connections a client open: one trickles headers, one a body, one is silent."""
    head = b"POST /predictions/tagger HTTP/1.1\r\nHost: hangtag.test\r\nX-Slow: "
    body = assemble(length=_BODY_BYTES, headers=[("Content-Type", "image/jpeg")])
    asyncio.run(_drip_all(address, [head, body, b""] * clients, seconds))


async def _drip_all(address: Address, starts: list[bytes], seconds: float) -> None:
    dripping = asyncio.gather(*(_drip(address, start) for start in starts))
    with suppress(TimeoutError):
        await asyncio.wait_for(dripping, seconds)


async def _drip(address: Address, start: bytes) -> None:
    connection = Connection(address)
    try:
        # The server may well close such a connection: then there is one fewer.
        with suppress(OSError):
            await connection.open()
            await connection.send(start)
            while True:
                await asyncio.sleep(_TRICKLE_INTERVAL_S)
                if start:
                    await connection.send(b"x")
    finally:
        connection.close()
