"""When all workers count as ready, before a management API of a few lines."""

import json
import socket
from typing import Any

import pytest

from server.readiness import ready_workers
from tests.unit.loadtest.client.small_server import read_head, serving_with

READY, LOADING = {"status": "READY"}, {"status": "UNLOADING"}


def described(workers: list[dict[str, str]], at_least: int) -> list[dict[str, Any]]:
    return [{"workers": workers, "minWorkers": at_least}]


@pytest.mark.parametrize(
    ("status", "document", "ready"),
    [
        (200, described([READY, READY], 2), 2),
        (200, described([READY, LOADING], 2), 0),
        (200, described([READY], 2), 0),
        (200, described([READY, READY, LOADING], 2), 2),
        (200, described([], 0), 0),
        (404, [], 0),
    ],
)
def test_all_workers_are_ready_or_none(status: int, document: Any, ready: int) -> None:
    body = json.dumps(document).encode()

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        head = f"HTTP/1.1 {status} Any\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with serving_with(serve) as address:
        assert ready_workers(address.port) == ready


def test_a_server_that_is_not_there_has_no_workers() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert ready_workers(taken.getsockname()[1]) == 0
