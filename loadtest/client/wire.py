"""HTTP/1.1 as bytes: what no client library would send, and at thousands of requests a second.

Plain sockets, because a library refuses to send a broken request, and because one that is answered
before it was read to its end loses the answer when the server closes the connection.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from loadtest.client.answer import Answer

HOST_NAME = "hangtag.test"
_READ_BYTES = 65536
_MAX_ANSWER_BYTES = 64_000_000

Headers = Sequence[tuple[str | bytes, str | bytes]]


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        """Return where the server of a http:// address listens."""
        parts = urlsplit(url)
        return cls(str(parts.hostname), parts.port or 80)


class _Garbled(Exception):
    """The bytes that came are no HTTP/1.1; never leaves this module."""


def assemble(
    body: bytes = b"",
    *,
    method: str | bytes = "POST",
    target: str | bytes = "/predictions/tagger",
    headers: Headers = (),
    length: int | None = None,
) -> bytes:
    """Return a request as it goes over the wire.

    Parameters
    ----------
    headers : besides Host and Content-Length
    length : what Content-Length claims; the body's own length if None
    """
    fixed: Headers = [("Host", HOST_NAME), ("Content-Length", str(_length(body, length)))]
    lines = [_bytes(name) + b": " + _bytes(value) for name, value in (*fixed, *headers)]
    start = _bytes(method) + b" " + _bytes(target) + b" HTTP/1.1"
    return b"\r\n".join([start, *lines, b"", body])


def _length(body: bytes, claimed: int | None) -> int:
    return len(body) if claimed is None else claimed


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


class Connection:
    """One connection, for one request after the other."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._received = b""
        self.reusable = False

    async def open(self) -> None:
        """Connect.

        Raises
        ------
        OSError : if nobody listens.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(
            self._socket, (self._address.host, self._address.port)
        )

    async def ask(self, request: bytes, timeout_s: float) -> Answer:
        """Send a request and return its answer, or how it was lost; never raises for either."""
        began = time.perf_counter()
        self.reusable = False
        try:
            answer = await asyncio.wait_for(self._exchange(request), timeout_s)
        except TimeoutError:
            return Answer(None, seconds=time.perf_counter() - began, lost="timeout")
        except OSError:
            return Answer(None, seconds=time.perf_counter() - began, lost="closed")
        except _Garbled:
            return Answer(None, seconds=time.perf_counter() - began, lost="garbled")
        status, headers, body = answer
        self.reusable = headers.get("connection", "").lower() != "close"
        return Answer(status, headers, body, seconds=time.perf_counter() - began)

    async def send(self, data: bytes) -> None:
        """Send bytes and do not wait for what they bring about.

        Raises
        ------
        OSError : if the server has closed the connection.
        """
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def close(self) -> None:
        """Close, whatever is under way."""
        self._socket.close()

    async def _exchange(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        rest = request[self._send_at_once(request) :]
        if not rest:
            return await self._read_answer(request)
        sending = asyncio.ensure_future(self.send(rest))
        try:
            return await self._read_answer(request)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await sending

    def _send_at_once(self, request: bytes) -> int:
        try:
            return self._socket.send(request)
        except BlockingIOError:
            return 0

    async def _read_answer(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        status, headers = await self._read_head()
        while 100 <= status < 200:
            status, headers = await self._read_head()
        if request.startswith(b"HEAD ") or status in (204, 304):
            return status, headers, b""
        return status, headers, await self._read_body(headers)

    async def _read_head(self) -> tuple[int, dict[str, str]]:
        head = await self._read_until(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = start.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise _Garbled(start[:80])
        pairs = (line.partition(":") for line in lines)
        return int(rest[:3]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._read_chunks()
        length = headers.get("content-length", "")
        if length.isdigit():
            return await self._read_exactly(int(length))
        raise _Garbled("neither Content-Length nor chunks")

    async def _read_chunks(self) -> bytes:
        body = b""
        while True:
            size = await self._read_until(b"\r\n")
            try:
                length = int(size.partition(b";")[0], 16)
            except ValueError as error:
                raise _Garbled("no chunk size") from error
            body += (await self._read_exactly(length + 2))[:-2]
            if length == 0:
                return body

    async def _read_until(self, end: bytes) -> bytes:
        while end not in self._received:
            await self._receive()
        found, _, self._received = self._received.partition(end)
        return found

    async def _read_exactly(self, length: int) -> bytes:
        while len(self._received) < length:
            await self._receive()
        found, self._received = self._received[:length], self._received[length:]
        return found

    async def _receive(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(self._socket, _READ_BYTES)
        if not data:
            raise ConnectionResetError
        self._received += data
        if len(self._received) > _MAX_ANSWER_BYTES:
            raise _Garbled("endless")


async def ask_once(address: Address, request: bytes, timeout_s: float) -> Answer:
    """Send one request over a connection of its own."""
    connection = Connection(address)
    try:
        await connection.open()
    except OSError:
        connection.close()
        return Answer(None, lost="refused")
    try:
        return await connection.ask(request, timeout_s)
    finally:
        connection.close()


async def ask_together(
    address: Address, requests: Sequence[bytes], timeout_s: float
) -> list[Answer]:
    """Send requests at the same time, each over a connection of its own."""
    return await asyncio.gather(*(ask_once(address, each, timeout_s) for each in requests))
