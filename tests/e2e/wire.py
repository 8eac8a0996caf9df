"""HTTP byte by byte, for what a well-behaved client never sends."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Answer:
    """One response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem; fails if the answer does not have its form."""
        problem = self.json
        assert self.headers["content-type"] == "application/problem+json", self
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"].endswith(".")
        return str(problem["code"])


class Wire:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._reader = connection.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> Answer:
        """Read one response."""
        status, headers = self.receive_head()
        body = self._reader.read(int(headers.get("content-length", 0)))
        return Answer(status, headers, body)

    def receive_head(self) -> tuple[int, dict[str, str]]:
        """Read one response's status and headers, and leave its body."""
        status = int(self._line().split(b" ", 2)[1])
        headers = {}
        while line := self._line():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def ask(self, data: bytes) -> Answer:
        self.send(data)
        return self.receive()

    def is_at_end(self) -> bool:
        """Whether the server closes the connection, and has said nothing more before."""
        return self._reader.read(1) == b""

    def close(self) -> None:
        """Leave, as a client does whose process ends."""
        self._reader.close()
        self._socket.close()

    def _line(self) -> bytes:
        line = self._reader.readline()
        assert line.endswith(b"\r\n"), f"cut off: {line!r}"
        return line[:-2]


@contextmanager
def connect(url: str) -> Iterator[Wire]:
    address = urlsplit(url)
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), TIMEOUT_S) as connection:
        wire = Wire(connection)
        try:
            yield wire
        finally:
            wire.close()


def request(
    body: bytes = b"",
    *headers: str,
    line: str = "POST /predictions/tagger HTTP/1.1",
) -> bytes:
    """The bytes of a request with its Content-Length."""
    lines = [line, "Host: test", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
