"""Closed-loop load, on a small server of our own."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.load import measure_load
from loadtest.errors import LoadTestFailed
from tests.unit.loadtest.client.small_server import read_head, serving_with

ANSWER_S = 0.02
PHOTOS = [b"first", b"second", b"third"]


class SmallServer(ThreadingHTTPServer):
    """Answers each photo after a while; `refuses` is answered with 503."""

    daemon_threads = True

    def __init__(self, refuses: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.refuses = refuses
        self.bodies: Counter[bytes] = Counter()
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/predictions/tagger"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SmallServer

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(ANSWER_S)
        self.server.bodies[body] += 1
        self.send_response(503 if body == self.server.refuses else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(refuses: bytes = b"") -> Iterator[SmallServer]:
    with SmallServer(refuses) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_figures_of_a_server_that_takes_20_ms() -> None:
    with running() as server:
        figures = measure_load(server.url, os.getpid(), PHOTOS, clients=3, seconds=1)
        assert server.connections == 3
        assert set(server.bodies) == set(PHOTOS)
        # Warm-up is not among them.
        assert figures.photos < server.bodies.total()
    assert figures.photos == pytest.approx(figures.photos_per_s * figures.seconds)
    assert 1e3 * ANSWER_S <= figures.p50_ms <= figures.p99_ms
    assert figures.photos_per_s <= 3 / ANSWER_S
    assert 0 < figures.cpu_s_per_photo < 1
    assert figures.client_cpu_s_per_photo is not None
    assert 0 < figures.client_cpu_s_per_photo < ANSWER_S


def test_an_answer_that_is_not_200_ends_the_measurement() -> None:
    with running(refuses=b"second") as server, pytest.raises(LoadTestFailed, match="answered 503"):
        measure_load(server.url, os.getpid(), PHOTOS, clients=2, seconds=30)


def test_a_server_that_drops_connections_ends_the_measurement() -> None:
    def fleeting(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with serving_with(fleeting) as address:
        url = f"http://{address.host}:{address.port}/"
        with pytest.raises(LoadTestFailed, match="did not answer"):
            measure_load(url, os.getpid(), PHOTOS, clients=2, seconds=5)


def test_a_server_that_is_gone_ends_the_measurement() -> None:
    with running() as server:
        url = server.url
    with pytest.raises(LoadTestFailed, match="did not answer"):
        measure_load(url, os.getpid(), PHOTOS, clients=2, seconds=30)
