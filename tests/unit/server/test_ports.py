"""The three ports of a server."""

import socket

import pytest

from hangtag.errors import ServerUnavailable
from server.ports import HOST, Ports
from server.temporary import free_ports


def test_management_and_metrics_are_the_next_two() -> None:
    ports = Ports(8080)
    assert (ports.management, ports.metrics) == (8081, 8082)


def test_free_ports_are_accepted() -> None:
    free_ports().require_free()


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_the_taken_port_is_named(offset: int) -> None:
    ports = free_ports()
    with socket.socket() as listener:
        listener.bind((HOST, ports.inference + offset))
        listener.listen()
        with pytest.raises(ServerUnavailable, match=f"^Port {ports.inference + offset} is taken"):
            ports.require_free()


def test_the_api_and_metrics_may_be_on_another_address_than_management() -> None:
    ports = Ports(free_ports().inference, host="127.0.0.2")
    with socket.create_server((HOST, ports.inference)):
        ports.require_free()
    with (
        socket.create_server(("127.0.0.2", ports.metrics)),
        pytest.raises(ServerUnavailable, match=f"^Port {ports.metrics} is taken"),
    ):
        ports.require_free()


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ServerUnavailable, match=r"^192\.0\.2\.1 cannot be listened on .*--host"):
        Ports(free_ports().inference, host="192.0.2.1").require_free()


def test_a_port_that_was_just_closed_counts_as_free() -> None:
    ports = free_ports()
    with socket.create_server((HOST, ports.inference)) as listener:
        client = socket.create_connection((HOST, ports.inference))
        accepted, _ = listener.accept()
        # The side that closes first keeps the port in TIME_WAIT.
        accepted.close()
        client.close()
    ports.require_free()


@pytest.mark.parametrize("port", [-1, 0, 65533, 65535, 70000])
def test_ports_that_do_not_fit(port: int) -> None:
    with pytest.raises(ServerUnavailable, match=f"^Port {port} does not fit.*from 1 to 65532"):
        Ports(port).require_free()
