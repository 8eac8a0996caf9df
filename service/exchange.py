"""One request and its answer, with the line in the access log."""

import re
import time
import uuid
from collections.abc import AsyncIterator

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from hangtag.errors import RequestError
from service.access_log import asked_for, plain_text, trace_of
from service.connection import BEGAN_S, BROKEN, NOT_HTTP
from service.errors import MessageInvalid
from service.settings import ServiceSettings

# As nginx logs it.
CLIENT_LEFT = 499
# More digits than any limit has.
_MAX_DIGITS = 15
# What is left of a body is read, and thrown away, up to here; else the connection ends.
_SKIPPED_BYTES = 1 << 20
_SLASHES = re.compile("/{2,}")
_NOT_ASCII = re.compile(rb"[^\x21-\x7e]")
_TIMEOUT = "X-Request-Timeout-Ms"


class ClientLeft(Exception):
    """The caller has closed the connection before there was an answer."""


class Exchange:
    """What a caller asks, and what it is answered."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._headers: dict[bytes, bytes] = {}
        encodings = []
        for name, value in scope["headers"]:
            self._headers.setdefault(name, value)
            if name == b"content-encoding":
                encodings.append(value.decode("latin-1"))
        self.scope = scope
        self.method: str = scope["method"]
        # One slash or several, also at the end, make no difference.
        self.path = _SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
        self.content_encoding = ", ".join(encodings)
        self.request_id = plain_text(self._headers.get(b"x-request-id")) or str(uuid.uuid4())
        self.supplier = plain_text(self._headers.get(b"x-supplier"))
        self.trace = trace_of(self._headers.get(b"traceparent"))
        host, port = scope["client"] or ("", 0)
        self.client = host
        self._client_port = port
        self.began_s: float = scope["state"].get(BEGAN_S, time.monotonic())
        self.arrived_s: float | None = None
        self.bytes_in = 0
        # Of the model; None for what is asked of the edge itself.
        self.is_for_model = False
        self.has_own_limit = False

    def header(self, name: bytes) -> str:
        """Return a header, "" where there is none."""
        return self._headers.get(name, b"").decode("latin-1")

    @property
    def content_type(self) -> str:
        """The header, in letters that any header may have."""
        return self.header(b"content-type").encode("ascii", "replace").decode()

    @property
    def query(self) -> str:
        """The query as sent; what no URL may hold is escaped."""
        sent: bytes = self.scope["query_string"]
        return _NOT_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), sent).decode("ascii")

    @property
    def declared_bytes(self) -> int | None:
        """How long the body says that it is; None where it comes in chunks."""
        if b"transfer-encoding" in self._headers:
            return None
        length = self._headers.get(b"content-length", b"0")
        return int(length) if length.isdigit() else None

    def time_limit_s(self, settings: ServiceSettings) -> float:
        """Return the seconds within which the caller wants its answer, or else gets none.

        Raises
        ------
        RequestError : if it asks for what is no time.
        """
        asked = self.header(_TIMEOUT.lower().encode())
        if _TIMEOUT.lower().encode() not in self._headers:
            return settings.time_limit_s
        if not (asked.isascii() and asked.isdigit() and asked.strip("0")):
            raise RequestError(f"{_TIMEOUT} is no positive whole number of milliseconds; send one.")
        digits = asked.lstrip("0")
        if len(digits) > _MAX_DIGITS or int(digits) >= settings.time_limit_ms:
            return settings.time_limit_s
        self.has_own_limit = True
        return int(digits) / 1000

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises
        ------
        ClientLeft : if it does not come to its end.
        """
        more = True
        while more:
            message = await self._next()
            piece: bytes = message.get("body", b"")
            self.bytes_in += len(piece)
            more = message.get("more_body", False)
            if piece:
                yield piece
        if self.scope["state"].get(BROKEN):
            raise MessageInvalid(NOT_HTTP)
        self.arrived_s = time.monotonic()

    async def client_leaves(self) -> None:
        """Return when the caller has closed the connection; only once the body has arrived."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        return message

    @property
    def _is_unread(self) -> bool:
        """Whether more may come than is worth reading on."""
        if self.arrived_s is not None or self.declared_bytes == 0:
            return False
        # Who waits for leave to send its body may send it or not, now that it is refused.
        may_wait = b"expect" in self._headers
        return may_wait or (self.declared_bytes or _SKIPPED_BYTES) >= _SKIPPED_BYTES

    async def answer(self, response: Response, send: Send, *, is_last: bool) -> None:
        """Send a response."""
        own = [(b"x-request-id", self.request_id.encode())]
        if self.trace:
            own.append((b"traceparent", self.trace.encode()))
        if "cache-control" not in response.headers:
            own.append((b"cache-control", b"no-store"))
        is_last = is_last or self._is_unread
        own.append((b"connection", b"close" if is_last else b"keep-alive"))
        await send(
            {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": [*response.raw_headers, *own],
            }
        )
        body = b"" if self.method == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    def line(
        self, status: int, outcome: str, bytes_out: int, version: str
    ) -> dict[str, str | int | None]:
        """Return the fields of the line in the access log."""
        now_s = time.monotonic()
        arrived_s = self.arrived_s
        return {
            "request_id": self.request_id,
            "traceparent": self.trace,
            "supplier": self.supplier,
            "client": f"{self.client}:{self._client_port}",
            **asked_for(self.method, self.path),
            "model_version": version if self.is_for_model else None,
            "status": status,
            "outcome": outcome,
            "ms": round(1000 * (now_s - self.began_s)),
            "receive_ms": None if arrived_s is None else round(1000 * (arrived_s - self.began_s)),
            "bytes_in": self.bytes_in,
            "bytes_out": bytes_out,
        }
