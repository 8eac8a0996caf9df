"""One caller's connection: uvicorn's, with limits of time and size on all that it lets come in.

uvicorn has none for a request that does not arrive, for its headers, or for how many connections
there are.
"""

import asyncio
import time
from collections import Counter
from typing import Any, Protocol

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.errors import MessageInvalid
from service.settings import ServiceSettings

# Bytes. A query names its groups one by one, so the line may be long.
MAX_TARGET_BYTES, MAX_HEADERS_BYTES = 8 * 1024, 16 * 1024
MAX_HEADERS = 100
# Closing a socket with unread bytes in it takes the answer away from a caller that still sends. So
# only our side is closed, and what comes is thrown away until none has come for this long.
_SILENCE_S = 2.0
# For a request that is on its way when the server closes.
_LAST_CALL_S = 0.5
# Of all connections, one address's.
_ADDRESS_SHARE = 2
# In the state of a request: when its first byte came, and whether its body is broken.
BEGAN_S, BROKEN = "began_s", "broken"
NOT_HTTP = "This is no HTTP/1.1 request, or its first line or headers are too long; send it anew."


class Host(Protocol):
    """What a connection asks of the edge."""

    settings: ServiceSettings

    def refuse_unread(self, status: int, client: str) -> bytes:
        """Count and log a request that could not be read; return the message of its answer."""


class Door:
    """Counts connections: as many as there are descriptors for, half of them from one address."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: dict[Connection, str] = {}
        self._by_address: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """Connections that are open."""
        return len(self._open)

    def enter(self, connection: "Connection", address: str) -> bool:
        """Let a connection in; False if there is no place even when one that rests is closed."""
        is_full = self.count >= self.limit
        of_address = self._by_address[address] >= self.limit // _ADDRESS_SHARE
        if (is_full or of_address) and not self._close_resting(address if of_address else None):
            return False
        self._open[connection] = address
        self._by_address[address] += 1
        return True

    def leave(self, connection: "Connection") -> None:
        """Forget a connection; does nothing the second time."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _close_resting(self, address: str | None) -> bool:
        for connection, of in self._open.items():
            if connection.is_resting and address in (None, of):
                self.leave(connection)
                connection.transport.abort()
                return True
        return False


class Connection(HttpToolsProtocol):
    """A connection, from its first byte to its last.

    A request begins with its first byte, and has `read_timeout_ms` to arrive; between requests a
    connection rests for `idle_timeout_ms` at most.
    """

    def __init__(self, host: Host, door: Door, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._host = host
        self._door = door
        self._arrival: asyncio.TimerHandle | None = None
        self._began_s = 0.0
        self._head_bytes = 0
        self._has_head = False
        self._is_leaving = False
        self._is_refused = False

    @property
    def is_resting(self) -> bool:
        """Whether nothing is under way."""
        return self._arrival is None and (self.cycle is None or self.cycle.response_complete)

    # --- What comes.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or leave."""
        super().connection_made(_Lingering(transport, self.loop))  # type: ignore[arg-type]
        address = self.client[0] if self.client else ""
        if self._door.enter(self, address):
            self._rest()
        else:
            self._is_refused = True
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._door.leave(self)
        self._stop_arrival()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the limits."""
        if self._is_leaving:
            return
        if self._arrival is None:
            self._start_arrival()
        self._unset_keepalive_if_required()
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing else is spoken here; what was read is answered, and that is all.
            if self.cycle is not None:
                self.cycle.keep_alive = False
            self._is_leaving = True
        except httptools.HttpParserError:
            self._refuse(400)
            return
        if not self._has_head and self._head_bytes > MAX_TARGET_BYTES + MAX_HEADERS_BYTES:
            self._refuse(400)

    def on_message_begin(self) -> None:
        """Begin a request; its state says when its first byte came."""
        super().on_message_begin()
        if self._arrival is None:
            self._start_arrival()
        self._has_head = False
        self.scope["state"][BEGAN_S] = self._began_s

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            raise MessageInvalid(NOT_HTTP)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        super().on_header(name, value)
        size = sum(len(each) + len(content) for each, content in self.headers)
        if len(self.headers) > MAX_HEADERS or size > MAX_HEADERS_BYTES:
            raise MessageInvalid(NOT_HTTP)

    def on_headers_complete(self) -> None:
        """Refuse what two readers could understand in two ways; else begin to answer."""
        self._has_head = True
        self._head_bytes = 0
        if sum(name == b"host" for name, _ in self.headers) > 1:
            raise MessageInvalid(NOT_HTTP)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has arrived, or what was left of one that is answered already."""
        self._stop_arrival()
        self._has_head = False
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            self._rest()

    # --- How it ends.

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that rests for too long, and none that does not."""
        if self.is_resting:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Let what is under way be answered, and who rests send a last request for a moment."""
        if self.is_resting:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                _LAST_CALL_S, self.timeout_keep_alive_handler
            )
        elif self.cycle is not None:
            self.cycle.keep_alive = False

    def _rest(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _start_arrival(self) -> None:
        self._began_s = time.monotonic()
        self._arrival = self.loop.call_later(
            self._host.settings.read_timeout_ms / 1000, self._arrived_not
        )

    def _stop_arrival(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _arrived_not(self) -> None:
        self._arrival = None
        if not self._has_head:
            self._refuse(408)
        elif self.cycle is None or self.cycle.response_complete:
            # It was answered before it had arrived.
            self._leave()
        # Else who reads the body says so at the same time.

    def _refuse(self, status: int) -> None:
        """Answer what is no request; after the answer that is under way, if there is one."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            self._is_leaving = True
            if self._arrival is not None and self._has_head:
                # Whoever reads its body says so.
                self.cycle.scope["state"][BROKEN] = True
                self.cycle.more_body = False
                self.cycle.message_event.set()
            self._stop_arrival()
            return
        client = self.client[0] if self.client else ""
        self.transport.write(self._host.refuse_unread(status, client))
        self._leave()

    def _leave(self) -> None:
        self._stop_arrival()
        self._is_leaving = True
        self.transport.close()


class _Lingering:
    """A transport that closes our side first, and the rest when the caller is silent."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._is_closing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._is_closing or self._transport.is_closing()

    def close(self) -> None:
        if self._is_closing or self._transport.is_closing():
            return
        self._is_closing = True
        self._transport.write_eof()
        self._transport.resume_reading()
        _Discarding(self._transport, self._loop)


class _Discarding(asyncio.Protocol):
    """Throws away what comes; closes when the caller has, or is silent, or goes on for too long."""

    _PATIENCE_S = 30.0

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._before = transport.get_protocol()
        self._end_s = loop.time() + self._PATIENCE_S
        self._timer = loop.call_later(_SILENCE_S, transport.abort)
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - it is thrown away
        self._timer.cancel()
        wait_s = min(_SILENCE_S, max(0.0, self._end_s - self._loop.time()))
        self._timer = self._loop.call_later(wait_s, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._before.connection_lost(exc)
