"""What can be reached from where, and what the logs give away."""

import asyncio
import base64
import gzip
import ipaddress
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import breach_of_contract
from loadtest.client.load import Load
from loadtest.client.photos import drawn_photo
from loadtest.client.wire import Address, Headers, ask_once, ask_together, assemble
from loadtest.tagging_requests import photo_request

_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 0.5
_LOGGED_S = 1.0
# On the inference port these must find nothing; on the left side what they would do.
_FOREIGN_TO_INFERENCE = (
    ("POST", "/models?url=https://example.test/other.mar"),
    ("DELETE", "/models/tagger"),
    ("DELETE", "/models/tagger/1.0"),
    ("PUT", "/models/tagger?min_worker=0&max_worker=0"),
    ("PUT", "/models/tagger/1.0/set-default"),
    ("GET", "/models"),
    ("GET", "/models/tagger"),
    ("POST", "/workflows?url=https://example.test/other.war"),
    ("GET", "/workflows"),
    ("POST", "/wfpredict/tagger"),
    ("GET", "/metrics"),
    ("POST", "/explanations/tagger"),
    ("POST", "/tagger/predict"),
    ("POST", "/models/tagger/invoke"),
    ("POST", "/v1/models/tagger:predict"),
    ("GET", "/api-description"),
    ("GET", "/predictions/tagger"),
    ("PUT", "/predictions/tagger"),
    ("POST", "/predictions/other"),
    ("POST", "/predictions/tagger/99"),
    ("POST", "/predictions/../models"),
    ("POST", "//predictions/tagger/../../models"),
)
_FORBIDDEN_ON_MANAGEMENT = (
    ("POST", "/models?url=https://example.test/other.mar"),
    ("POST", "/models?url=file:///tmp/other.mar"),
    ("POST", "/models?url=../other.mar"),
    ("DELETE", "/models/tagger"),
    ("POST", "/workflows?url=https://example.test/other.war"),
)


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Look at what is listened on, knock at every door, and read the logs."""
    listening = listening_addresses(server)
    outside = [each for each in listening if not ipaddress.ip_address(each.host).is_loopback]
    own = own_addresses()
    reached = [address for address in own for port in _ports(server) if _connects(address, port)]
    let_through, unclear = _foreign_to_inference(server.address)
    obeyed = _obeyed_by_management(server)
    leaks = _leaks(server)
    return Row(
        "exposure",
        f"{len(listening)} open ports, {len(own)} other addresses of this machine, "
        f"{len(_FOREIGN_TO_INFERENCE)} foreign calls at the API, "
        f"{len(_FORBIDDEN_ON_MANAGEMENT)} at management, {len(_SECRETS)} secrets in requests",
        (
            Check("ports open beyond loopback", len(outside), 0),
            Check("ports reached over another address", len(reached), 0),
            Check("foreign calls obeyed by the API", len(let_through), 0),
            Check("refused otherwise than by problem+json", len(unclear), 0),
            Check("registrations obeyed by management", obeyed, 0),
            Check("secrets in the logs", len(leaks), 0),
        ),
        (*_addresses(outside), *let_through, *unclear[:5], *leaks),
    )


def listening_addresses(server: ServerUnderTrial) -> list[Address]:
    """Return what the server's processes listen on, over TCP."""
    return [
        # IPv4 addresses in the guise of IPv6, as Java shows them.
        Address(each.laddr.ip.removeprefix("::ffff:"), each.laddr.port)
        for process in server.processes()
        for each in process.net_connections(kind="tcp")
        if each.status == psutil.CONN_LISTEN
    ]


def own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses beyond loopback."""
    return [
        each.address
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family == socket.AF_INET and not ipaddress.ip_address(each.address).is_loopback
    ]


def _ports(server: ServerUnderTrial) -> list[int]:
    addresses = (server.address, server.metrics, server.management)
    return [each.port for each in addresses if each is not None]


def _connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False


def _foreign_to_inference(address: Address) -> tuple[list[str], list[str]]:
    """Return which calls were obeyed, and which were refused in a form of their own."""
    let_through, unclear = [], []
    for method, target in _FOREIGN_TO_INFERENCE:
        request = assemble(method=method, target=target)
        answer = asyncio.run(ask_once(address, request, _TIMEOUT_S))
        if answer.status not in (400, 404, 405):
            let_through.append(f"{method} {target}: {answer.outcome}")
        elif breach := breach_of_contract(answer):
            unclear.append(f"{method} {target}: {breach}")
    return let_through, unclear


def _obeyed_by_management(server: ServerUnderTrial) -> int:
    if server.management is None:
        return 0
    calls = [assemble(method=method, target=to) for method, to in _FORBIDDEN_ON_MANAGEMENT]
    answers = asyncio.run(ask_together(server.management, calls, _TIMEOUT_S))
    return sum(each.ok for each in answers)


_SECRETS = {
    "Authorization": b"Bearer kT4hU9sVq2",
    "Cookie": b"session=Wm7pLx3Rz8",
    "X-Api-Key": b"Yq6nBd1Fj5",
    "the photo": b"Hc8vTg2Ks4-in-the-photo",
    "the description": b"Ne5bXr9Pw1-in-the-description",
    "a broken document": b"Dj3mQz7Lt6-in-a-broken-document",
}


def _leaks(server: ServerUnderTrial) -> list[str]:
    """Send secrets where requests carry them, and return those that the logs then hold."""
    asyncio.run(ask_together(server.address, list(_secret_requests()), _TIMEOUT_S))
    time.sleep(_LOGGED_S)
    logged = b"".join(_read(path) for path in server.serving.logs.rglob("*") if path.is_file())
    forms = {name: (secret, base64.b64encode(secret)[4:-4]) for name, secret in _SECRETS.items()}
    return [
        f"the logs hold what was sent as {name}"
        for name, (plain, encoded) in forms.items()
        if plain in logged or encoded in logged
    ]


def _secret_requests() -> Iterator[bytes]:
    credentials = [(name, _SECRETS[name]) for name in ("Authorization", "Cookie", "X-Api-Key")]
    photo = drawn_photo(0) + _SECRETS["the photo"]
    as_jpeg: Headers = [("Content-Type", "image/jpeg"), *credentials]
    as_json: Headers = [("Content-Type", "application/json"), *credentials]
    description = _SECRETS["the description"].decode()
    document = (
        f'{{"description": "{description}", '
        f'"images": [{{"content": "{base64.b64encode(photo).decode()}"}}]}}'
    ).encode()
    yield assemble(photo, headers=as_jpeg)
    yield assemble(document, headers=as_json)
    # What goes wrong is logged more readily than what goes well.
    yield assemble(_SECRETS["the photo"], headers=as_jpeg)
    yield assemble(b'{"images": ' + _SECRETS["a broken document"], headers=as_json)
    yield assemble(photo, target="/predictions/other", headers=as_jpeg)
    yield assemble(photo, target="/nowhere", headers=as_jpeg)
    yield photo_request(_SECRETS["the photo"], "text/plain")


def _read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _addresses(addresses: list[Address]) -> list[str]:
    return [f"listens on {each.host}:{each.port}" for each in addresses]
