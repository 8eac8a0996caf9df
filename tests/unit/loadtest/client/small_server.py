"""A TCP server whose every connection is one call of a function, each in a thread of its own."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from loadtest.client.wire import Address

HEAD_END = b"\r\n\r\n"


@contextmanager
def serving_with(serve: Callable[[socket.socket], None]) -> Iterator[Address]:
    """Serve until the block ends; connections that the client has closed by then end with it."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                serve(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Address(*server.server_address)
        finally:
            server.shutdown()
            thread.join()


def read_head(connection: socket.socket) -> bytes:
    """Return what comes up to the end of a request's head; "" once the client has left."""
    received = b""
    while HEAD_END not in received:
        data = connection.recv(1000)
        if not data:
            return b""
        received += data
    return received
