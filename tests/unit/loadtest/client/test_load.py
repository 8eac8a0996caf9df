"""The load generator against a server of a few lines that is as slow as each test wants."""

import socket
import time
from contextlib import AbstractContextManager

import pytest

from loadtest.client.load import Load
from loadtest.client.samples import percentile_s
from loadtest.client.wire import Address
from tests.unit.loadtest.client.small_server import read_head, serving_with

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
REFUSED = (
    b"HTTP/1.1 503 No\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: 67\r\n\r\n"
    b'{"title": "T", "status": 503, "detail": "D.", "code": "overloaded"}'
)
REQUEST = b"GET / HTTP/1.1\r\n\r\n"


def slow_server(answer: bytes = OK, delay_s: float = 0.02) -> AbstractContextManager[Address]:
    """Answers every request after a delay, any number of them at the same time."""

    def serve(connection: socket.socket) -> None:
        while read_head(connection):
            time.sleep(delay_s)
            connection.sendall(answer)
            if b"close" in answer:
                break

    return serving_with(serve)


def fleeting_server() -> AbstractContextManager[Address]:
    """Answers one request a connection, and closes it without a word."""

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(OK)

    return serving_with(serve)


def test_a_closed_loop_is_as_fast_as_the_server() -> None:
    with slow_server(delay_s=0.02) as address, Load(address, [REQUEST]).closed(4, 1) as running:
        result = running.result()
    # 4 clients of 50 requests a second at most.
    assert 20 < result.rate_per_s <= 200
    assert percentile_s(result.samples, 50) >= 0.02


def test_an_open_loop_keeps_its_rate_however_slow_the_server() -> None:
    with slow_server(delay_s=0.3) as address, Load(address, [REQUEST]).open(100, 1) as running:
        result = running.result()
    assert len(result.samples) == 100
    assert result.left_out == 0
    # Those that were answered within the run.
    assert result.rate_per_s < 100
    assert all(each.ok for each in result.samples)


def test_refusals_are_told_with_their_code_and_form() -> None:
    with slow_server(REFUSED) as address, Load(address, [REQUEST]).open(50, 0.5) as running:
        result = running.result()
    assert {each.outcome for each in result.samples} == {"503 overloaded"}
    assert all(each.sound and each.retry_after for each in result.samples)


def test_a_run_can_be_ended_before_its_time() -> None:
    with slow_server() as address, Load(address, [REQUEST]).closed(2, 60) as running:
        result = running.end()
    assert result.seconds < 10


def test_a_server_that_is_gone_is_a_lost_answer() -> None:
    with slow_server() as address:
        pass
    with Load(address, [REQUEST]).closed(1, 0.2) as running:
        result = running.result()
    assert {each.outcome for each in result.samples} == {"refused"}


def test_an_error_ends_the_load_before_it_leaves_the_block() -> None:
    with (
        slow_server() as address,
        pytest.raises(ZeroDivisionError),
        Load(address, [REQUEST]).closed(1, 60) as running,
    ):
        raise ZeroDivisionError
    assert running.now_s < 10


def test_what_met_a_connection_that_was_closed_is_sent_again() -> None:
    with fleeting_server() as address, Load(address, [REQUEST]).closed(1, 0.3) as running:
        result = running.result()
    assert len(result.samples) > 1
    assert {each.outcome for each in result.samples} == {"200"}
    assert running.first_failure is None


def test_the_first_failure_is_kept() -> None:
    with slow_server(REFUSED) as address, Load(address, [REQUEST]).closed(1) as running:
        running.flow(0.2)
        result = running.end()
    assert running.first_failure is not None
    assert running.first_failure.outcome == "503 overloaded"
    assert 0 < result.cpu_s < result.seconds
