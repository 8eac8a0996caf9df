"""The nginx of deploy/proxy before taggers of a few lines."""

import itertools
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from chaos.upgrades.proxy import CONFIGURATION, FIRST, SECOND, AccessLogEntry, Proxy, find_nginx
from chaos.upgrades.rolling import roll
from chaos.upgrades.tagger import Tagger
from hangtag.errors import ServerUnavailable
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.wire import Address, assemble
from server.ports import Ports
from tests.unit.loadtest.client.small_server import serving_with

try:
    NGINX = find_nginx()
except ServerUnavailable:
    pytest.skip("nginx is not installed", allow_module_level=True)

Serve = Callable[[socket.socket], None]
PATH = "/predictions/tagger?title=secret"
JPEG = {"Content-Type": "image/jpeg"}


def tagger(name: str, status: str = "200 OK") -> Serve:
    """Answers with its name, the number of the connection and with what it got, as JSON."""
    connections = itertools.count(1)

    def serve(connection: socket.socket) -> None:
        number = next(connections)
        with connection.makefile("rb") as stream:
            while start := stream.readline():
                headers = read_headers(stream)
                content = stream.read(int(headers.get("content-length", 0)))
                got = {
                    "name": name,
                    "connection": number,
                    "start": start.decode().strip(),
                    "headers": headers,
                    "bytes": len(content),
                }
                body = json.dumps(got).encode()
                head = (
                    f"HTTP/1.1 {status}\r\nX-Request-Id: own\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                connection.sendall(head.encode() + body)

    return serve


def read_headers(stream: object) -> dict[str, str]:
    lines = iter(stream.readline, b"\r\n")  # type: ignore[attr-defined]
    pairs = (line.decode().partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


def breaking(connection: socket.socket) -> None:
    """Takes a request and breaks the connection, as a process that is killed does."""
    connection.recv(1000)


@contextmanager
def proxied(first: Serve | None, second: Serve | None) -> Iterator[tuple[Proxy, httpx.Client]]:
    """The proxy before two taggers, None for one that does not run, and a client with a key."""
    with ExitStack() as resources:
        ports = [
            resources.enter_context(serving_with(serve)).port if serve else unused_port()
            for serve in (first, second)
        ]
        proxy = resources.enter_context(Proxy((ports[0], ports[1]), ["acme", "borealis"]))
        headers = {**JPEG, "X-Api-Key": proxy.keys["acme"]}
        client = httpx.Client(base_url=proxy.url, headers=headers)
        yield proxy, resources.enter_context(client)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def problem(response: httpx.Response) -> str:
    """The status and code of an error that keeps to the contract."""
    answer = Answer(response.status_code, response.headers, response.content)
    assert breach_of_contract(answer) is None
    assert response.headers["x-request-id"]
    assert response.headers["cache-control"] == "no-store"
    return answer.outcome


def logged(proxy: Proxy, count: int) -> list[AccessLogEntry]:
    """The requests up to now, as logged; nginx does so after it has answered."""
    give_up_at = time.monotonic() + 5
    while len(proxy.access_log_entries()) < count and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return proxy.access_log_entries()


def names(client: httpx.Client, count: int = 8) -> set[str]:
    return {client.post(PATH, content=b"photo").json()["name"] for _ in range(count)}


@pytest.mark.parametrize("key", [None, "", "0" * 48, "$supplier", "default"])
def test_who_has_no_key_that_is_known_gets_401(key: str | None) -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, _):
        headers = {} if key is None else {"X-Api-Key": key}
        response = httpx.post(f"{proxy.url}{PATH}", content=b"photo", headers=headers)
        assert problem(response) == "401 unauthorized"
        assert "X-Api-Key" in response.headers["www-authenticate"]
        (entry,) = logged(proxy, 1)
        assert entry.taggers == ()


def test_a_tagger_learns_who_calls_but_not_the_key() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, client):
        response = client.post(
            PATH, content=b"photo", headers={"X-Supplier": "other", "X-Request-Id": "SKU-1.7"}
        )
        got = response.json()
        assert got["start"] == f"POST {PATH} HTTP/1.1"
        assert got["bytes"] == 5
        assert got["headers"]["x-supplier"] == "acme"
        assert got["headers"]["x-request-id"] == "SKU-1.7"
        assert proxy.keys["acme"] not in json.dumps(got)
        assert response.headers.get_list("x-request-id") == ["SKU-1.7"]
        (entry,) = logged(proxy, 1)
        assert (entry.supplier, entry.request_id) == ("acme", "SKU-1.7")


@pytest.mark.parametrize("request_id", ["", "a b", 'a"b', "x" * 129])
def test_a_request_id_that_could_do_harm_is_replaced(request_id: str) -> None:
    with proxied(tagger("a"), tagger("b")) as (_, client):
        response = client.post(PATH, content=b"photo", headers={"X-Request-Id": request_id})
        given = response.headers["x-request-id"]
        assert given != request_id
        assert len(given) == 32
        assert response.json()["headers"]["x-request-id"] == given


def test_the_log_has_neither_keys_nor_texts() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, client):
        client.post(PATH, content=b"photo")
        logged(proxy, 1)
        log = proxy.access_log
        assert "acme" in log
        assert "secret" not in log
        assert proxy.keys["acme"] not in log


def test_both_taggers_answer_and_connections_are_kept() -> None:
    with proxied(tagger("a"), tagger("b")) as (_, client):
        answers = [client.post(PATH, content=b"photo").json() for _ in range(20)]
    assert {each["name"] for each in answers} == {"a", "b"}
    # Each process of nginx has connections of its own; the client talks to one.
    assert {each["connection"] for each in answers} == {1}


def test_who_was_taken_out_gets_nothing_until_put_in() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, client):
        proxy.take_out(FIRST)
        assert names(client) == {"b"}
        proxy.put_in(FIRST)
        proxy.take_out(SECOND)
        assert names(client) == {"a"}
        proxy.put_in(SECOND)
        assert names(client) == {"a", "b"}


class Place(Tagger):
    """A place whose server is one of those above and always runs; `meanwhile` is asked who answers
    while it is loading."""

    def __init__(self, name: str, meanwhile: Callable[[], set[str]]) -> None:
        super().__init__(name, Ports(1), Path())
        self.answered: list[set[str]] = []
        self._meanwhile = meanwhile

    def start(self, archive: Path) -> None:
        self.archive = archive
        self.answered.append(self._meanwhile())

    def await_ready(self) -> None:
        if self.archive.name == "broken.mar":
            raise ServerUnavailable("It does not load.")

    def stop(self) -> float:
        return 0.0


def rolled(proxy: Proxy, client: httpx.Client, archive: str) -> list[Place]:
    """Two places that were rolled to an archive, as far as it loads."""
    places = [Place(name, lambda: names(client)) for name in (FIRST, SECOND)]
    with suppress(ServerUnavailable):
        roll(proxy, places, Path(archive), lambda _: None, time.monotonic, 0.0)
    return places


def test_who_is_loading_gets_no_requests() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, client):
        first, second = rolled(proxy, client, "new.mar")
        assert first.answered == [{"b"}]
        assert second.answered == [{"a"}]
        assert names(client) == {"a", "b"}


def test_who_cannot_load_goes_on_with_the_old_archive() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, client):
        first, second = rolled(proxy, client, "broken.mar")
        assert first.answered == [{"b"}, {"b"}]
        assert second.answered == []
        assert {first.archive, second.archive} == {Path()}
        assert names(client) == {"a", "b"}


@pytest.mark.parametrize("lost", [breaking, None], ids=["breaks", "refuses"])
def test_a_request_that_a_tagger_lost_goes_to_the_other(lost: Serve | None) -> None:
    with proxied(lost, tagger("b")) as (proxy, client):
        assert names(client) == {"b"}
        entries = logged(proxy, 8)
        assert {each.status for each in entries} == {200}
        assert any(each.sent_again for each in entries)


def test_a_refusal_is_passed_on_and_not_repeated() -> None:
    busy = "503 Service Unavailable"
    with proxied(tagger("a", busy), tagger("b", busy)) as (proxy, client):
        response = client.post(PATH, content=b"photo")
        assert response.status_code == 503
        assert response.json()["name"] in {"a", "b"}
        (entry,) = logged(proxy, 1)
        assert not entry.sent_again


def test_without_taggers_the_answer_is_502() -> None:
    with proxied(None, None) as (_, client):
        response = client.post(PATH, content=b"photo")
        assert problem(response) == "502 unreachable"
        assert response.headers["retry-after"] == "1"


def test_what_is_too_large_is_refused_before_it_is_sent() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, _):
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {proxy.keys['acme']}\r\n"
            f"Content-Length: {65 * 2**20}\r\n\r\n"
        )
        answer = raw(proxy, head.encode())
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'"code": "request_too_large"' in answer


def test_nothing_else_is_reachable() -> None:
    with proxied(tagger("a"), tagger("b")) as (_, client):
        for path in (
            "/",
            "/models",
            "/metrics",
            "/first",
            "/suppliers.map",
        ):
            assert problem(client.get(path)) == "404 not_found"
        assert problem(client.request("TRACE", PATH)) == "405 method_not_allowed"
        assert client.get("/request_invalid").status_code == 404
        assert client.get("/ping").json()["start"] == "GET /ping HTTP/1.1"
        assert problem(client.post("/ping", content=b"photo")) == "413 request_too_large"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/../site/limits.conf", 400),
        ("/%2e%2e/site/limits.conf", 400),
        ("/predictions/tagger/../../site/limits.conf", 404),
        ("/predictions/tagger/../../models", 404),
        ("//models", 404),
    ],
)
def test_no_path_leads_elsewhere(path: str, status: int) -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, _):
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {proxy.keys['acme']}\r\n\r\n"
        assert raw(proxy, head.encode()).startswith(f"HTTP/1.1 {status} ".encode())
        assert all(each.taggers == () for each in logged(proxy, 1))


@pytest.mark.parametrize(
    "start", [b"nonsense", b"GET / HTTP/9.9", b"GET /%zz HTTP/1.1", b"GET /" + b"x" * 20_000]
)
def test_what_is_no_request_gets_400(start: bytes) -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, _):
        answer = raw(proxy, start + b"\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'"code": "request_invalid"' in answer


def test_who_is_too_fast_is_slowed_down_and_nobody_else() -> None:
    with proxied(tagger("a"), tagger("b")) as (proxy, client):
        key = [("X-Api-Key", proxy.keys["acme"])]
        load = Load(Address("127.0.0.1", proxy.port), [assemble(b"photo", headers=key)])
        with load.closed(clients=8, seconds=2) as running:
            samples = running.result().samples
        let_through = [each for each in samples if each.ok]
        refused = [each for each in samples if not each.ok]
        # 100 more at once, and 50 a second.
        assert len(let_through) <= 101 + 50 * max(each.done_s for each in samples)
        assert {each.outcome for each in refused} == {"429 rate_limited"}
        # Those that the other clients have under way may end later than the first refusal.
        first_refused_s = min(each.done_s for each in refused)
        assert sum(each.done_s < first_refused_s for each in let_through) >= 100 - 8
        assert all(each.sound and each.retry_after for each in refused)
        other = {"X-Api-Key": proxy.keys["borealis"]}
        assert client.post(PATH, content=b"photo", headers=other).status_code == 200


def test_who_has_too_much_under_way_waits_for_an_answer() -> None:
    free = threading.Event()

    def busy(connection: socket.socket) -> None:
        # Whatever comes is answered only once it may be.
        connection.recv(1000)
        free.wait(10)

    with proxied(busy, busy) as (proxy, client), ExitStack() as callers:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {proxy.keys['acme']}\r\n"
        for _ in range(100):
            caller = socket.create_connection(("127.0.0.1", proxy.port), 5)
            callers.enter_context(caller).sendall(f"{head}Content-Length: 0\r\n\r\n".encode())
        # As long as it takes until the rate would let some more through.
        time.sleep(1)
        response = client.post(PATH, content=b"photo")
        free.set()
        assert problem(response) == "429 rate_limited"


def test_the_error_log_keeps_texts_to_itself() -> None:
    with proxied(None, None) as (proxy, client):
        for _ in range(150):
            client.post(PATH, content=b"photo")
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {proxy.keys['borealis']}\r\n"
        raw(proxy, f"{head}Content-Length: {65 * 2**20}\r\n\r\n".encode())
        statuses = {each.status for each in logged(proxy, 151)}
        assert statuses == {413, 429, 502}
        assert "secret" not in proxy.complaints
        assert "secret" not in proxy.access_log


def test_the_example_is_a_sound_configuration(tmp_path: Path) -> None:
    shutil.copytree(CONFIGURATION, tmp_path, dirs_exist_ok=True)
    shutil.copytree(CONFIGURATION / "example", tmp_path / "site")
    for name in ("run", "out"):
        (tmp_path / name).mkdir()
    key, certificate = tmp_path / "site" / "privkey.pem", tmp_path / "site" / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=tagger.example.com", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    checked = subprocess.run(
        [NGINX, "-p", f"{tmp_path}/", "-c", "nginx.conf", "-t"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


def test_a_proxy_that_cannot_start_says_why() -> None:
    with socket.socket() as taken:
        proxy = Proxy((1, 2), ["acme"])
        taken.bind(("127.0.0.1", proxy.port))
        taken.listen()
        with pytest.raises(ServerUnavailable, match="Address already in use"), proxy:
            pass


def raw(proxy: Proxy, request: bytes) -> bytes:
    """What comes back for these very bytes."""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as connection:
        connection.sendall(request)
        connection.settimeout(5)
        answer = connection.recv(65536)
        while b"}" not in answer and (more := connection.recv(65536)):
            answer += more
    return answer
