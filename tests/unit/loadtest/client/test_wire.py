"""Against real sockets: a server of a few lines that answers what each test wants."""

import asyncio
import socket
import threading
import time

import pytest

from loadtest.client.answer import Answer
from loadtest.client.wire import Address, Connection, ask_once, ask_together, assemble
from tests.unit.loadtest.client.small_server import read_head, serving_with

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REQUEST = b"GET / HTTP/1.1\r\n\r\n"


def ask(answer: bytes, request: bytes = REQUEST) -> Answer:
    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer)

    with serving_with(serve) as address:
        return asyncio.run(ask_once(address, request, 5))


def test_a_request_is_put_together_byte_by_byte() -> None:
    assert assemble(b"abc", target=b"/x?\xff", headers=[("A", b"\xfe")], length=9) == (
        b"POST /x?\xff HTTP/1.1\r\nHost: hangtag.test\r\nContent-Length: 9\r\nA: \xfe\r\n\r\nabc"
    )


def test_an_answer_of_known_length() -> None:
    answer = ask(b"HTTP/1.1 400 Bad\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno")
    assert (answer.status, answer.headers["content-type"], answer.body) == (400, "a/b", b"no")


def test_an_answer_in_chunks() -> None:
    chunks = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    answer = ask(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.body == b"abcde"


def test_a_leave_to_go_on_is_not_the_answer() -> None:
    assert ask(b"HTTP/1.1 100 Continue\r\n\r\n" + OK).body == b"ok"


def test_an_answer_to_head_has_no_body() -> None:
    answer = ask(b"HTTP/1.1 405 No\r\nContent-Length: 99\r\n\r\n", b"HEAD / HTTP/1.1\r\n\r\n")
    assert (answer.status, answer.body) == (405, b"")


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "closed"),
        (b"SSH-2.0-x\r\n\r\n", "garbled"),
        (b"HTTP/1.1 200 OK\r\n\r\nwithout a length", "garbled"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "garbled"),
    ],
)
def test_a_lost_answer_says_how(answer: bytes, lost: str) -> None:
    got = ask(answer)
    assert (got.status, got.lost) == (None, lost)


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    def say_nothing(connection: socket.socket) -> None:
        if connection.recv(1000):
            connection.recv(1000)

    with serving_with(say_nothing) as at:
        assert asyncio.run(ask_once(at, b"x", 0.05)).lost == "timeout"


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = Address(*probe.getsockname())
    assert asyncio.run(ask_once(free, b"x", 1)).lost == "refused"


def test_an_answer_that_comes_before_the_request_was_read_is_not_missed() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(OK)
        # Until the client has read it; closing with unread bytes resets the connection.
        time.sleep(0.2)

    with serving_with(serve) as address:
        answer = asyncio.run(ask_once(address, assemble(bytes(30_000_000)), 10))
    assert answer.body == b"ok"


def test_requests_of_one_connection_follow_each_other() -> None:
    def serve(connection: socket.socket) -> None:
        for extra in (b"", b"Connection: close\r\n"):
            read_head(connection)
            connection.sendall(OK.replace(b"\r\n\r\n", b"\r\n" + extra + b"\r\n"))

    async def client(address: Address) -> list[tuple[bytes, bool]]:
        connection = Connection(address)
        await connection.open()
        seen = []
        for _ in range(2):
            answer = await connection.ask(REQUEST, 5)
            seen.append((answer.body, connection.reusable))
        connection.close()
        return seen

    with serving_with(serve) as address:
        assert asyncio.run(client(address)) == [(b"ok", True), (b"ok", False)]


def test_requests_are_sent_at_the_same_time() -> None:
    all_there = threading.Barrier(3, timeout=5)

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        all_there.wait()
        connection.sendall(OK)

    with serving_with(serve) as address:
        answers = asyncio.run(ask_together(address, [REQUEST] * 3, 5))
    assert [answer.body for answer in answers] == [b"ok"] * 3
