"""What the suppliers' clients count, before servers of a few lines."""

import itertools
import json
import socket
import threading
from collections.abc import Callable

import pytest

from chaos.upgrades.service import service_since
from chaos.upgrades.traffic import Traffic
from loadtest.client.wire import Address
from tests.unit.loadtest.client.small_server import read_head, serving_with

RATE_PER_S = 40.0
GOOD = json.dumps({"model": {"version": "2.0"}}).encode()


def answering(*bodies: bytes) -> Callable[[socket.socket], None]:
    """Answers with 200 and one body after the other, the last of them for ever."""
    following = itertools.chain(bodies, itertools.repeat(bodies[-1]))

    def serve(connection: socket.socket) -> None:
        while read_head(connection):
            body = next(following)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return serve


def traffic_to(address: Address, clients: int = 4) -> Traffic:
    return Traffic(address, [b""], {"acme": "key"}, RATE_PER_S, clients)


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b"[]", b'{"model": null}', b'{"model": {"version": 2}}']
)
def test_an_answer_without_tags_is_one_failed_request(body: bytes) -> None:
    with serving_with(answering(body, GOOD)) as address, traffic_to(address) as traffic:
        traffic.flow(0.5)
        samples = traffic.since(0)
    assert [each.outcome for each in samples if not each.ok] == ["no tags"]
    assert {each.version for each in samples if each.ok} == {"2.0"}


def test_what_is_under_way_is_waited_for() -> None:
    asked = threading.Event()

    def slow(connection: socket.socket) -> None:
        read_head(connection)
        asked.set()
        # The client sees its connection break.
        threading.Event().wait(1)

    with serving_with(slow) as address, traffic_to(address, clients=1) as traffic:
        asked.wait(10)
        assert next(each.outcome for each in traffic.since(0)) == "closed"


def test_the_clients_together_keep_the_rate() -> None:
    with serving_with(answering(GOOD)) as address, traffic_to(address) as traffic:
        traffic.flow(1.5)
        samples = traffic.since(0)
    assert len(samples) == pytest.approx(1.5 * RATE_PER_S, rel=0.25)
    # They begin one after the other.
    assert len({round(each.due_s, 3) for each in samples[:4]}) == 4


def test_photos_that_are_late_are_left_out() -> None:
    slow = answering(GOOD)

    def hesitating(connection: socket.socket) -> None:
        threading.Event().wait(0.5)
        slow(connection)

    with serving_with(hesitating) as address, traffic_to(address, clients=1) as traffic:
        traffic.flow(1)
        samples = traffic.since(0)
    # Those of the half second in which the first one was awaited do not follow all at once.
    assert len(samples) < 0.75 * RATE_PER_S


def test_nothing_is_sent_again() -> None:
    def fleeting(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)

    with serving_with(fleeting) as address, traffic_to(address, clients=1) as traffic:
        traffic.flow(0.3)
        outcomes = {each.outcome for each in traffic.since(0)}
    assert outcomes == {"200", "closed"}


@pytest.mark.parametrize(("rate_per_s", "held"), [(2, True), (4000, False)])
def test_a_little_traffic_is_no_service(rate_per_s: float, held: bool) -> None:
    with serving_with(answering(GOOD)) as address, traffic_to(address) as traffic:
        traffic.flow(1)
        traffic.rate_per_s = rate_per_s
        _, (enough, failed) = service_since(traffic, 0)
    assert (enough.passed, failed.passed) == (held, True)
