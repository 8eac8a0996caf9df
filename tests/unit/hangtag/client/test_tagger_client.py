"""The client against a server that answers what it is told to."""

import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread, Timer
from typing import Any

import pytest

from hangtag.client import ProblemAnswered, TaggerClient
from hangtag.errors import ServerUnavailable, SettingsInvalid
from hangtag.requests.product import Product
from hangtag.schema import Options

ANSWER = {
    "product_id": "A",
    "tags": [],
    "groups": {},
    "images": [],
    "model": {"name": "tagger", "version": "1", "bundle": "sha256:1", "label_space": "1"},
}
Given = tuple[int, dict[str, str], bytes]


class Told(BaseHTTPRequestHandler):
    """Answers what stands next on the list, and keeps what it was sent."""

    answers: list[Given]
    seen: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.path, dict(self.headers), body))
        status, headers, content = self.answers.pop(0)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[Told]]]:
    told = type("ToldNow", (Told,), {"answers": [], "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), told) as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", told
        running.shutdown()
        thread.join()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits; how long it would have been is kept."""
    waited: list[float] = []
    monkeypatch.setattr(TaggerClient, "_is_given_up_within", lambda _, s: waited.append(s))
    return waited


def ok() -> Given:
    return 200, {}, json.dumps(ANSWER).encode()


def problem(status: int, code: str, **headers: str) -> Given:
    document = {"title": "No", "status": status, "detail": f"It is {code}.", "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, json.dumps(document).encode()


def test_a_product_is_sent_as_a_form(server: tuple[str, type[Told]]) -> None:
    url, told = server
    told.answers.append(ok())
    product = Product([b"\xff\xd8one", b"two\r\n"], "A", title="Tee", options=Options(top_k=1))
    answer = TaggerClient(f"{url}/", key="secret").tag(product)
    assert answer.model.bundle == "sha256:1"
    ((path, headers, body),) = told.seen
    assert path == "/predictions/tagger"
    assert headers["X-Api-Key"] == "secret"
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    form = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
    request, first, second = form.iter_parts()
    assert json.loads(request.get_content()) == {
        "product_id": "A",
        "title": "Tee",
        "options": {"top_k": 1},
    }
    assert [first.get_content(), second.get_content()] == [b"\xff\xd8one", b"two\r\n"]


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_busy_server_is_asked_again_when_it_says(
    server: tuple[str, type[Told]], waits: list[float], status: int
) -> None:
    url, told = server
    told.answers += [problem(status, "overloaded", Retry_After="7"), problem(status, "b"), ok()]
    assert TaggerClient(url).tag(Product([b"x"])).product_id == "A"
    assert waits == [7.0, 1.0]
    assert len(told.seen) == 3


def test_no_wait_is_longer_than_a_minute(
    server: tuple[str, type[Told]], waits: list[float]
) -> None:
    url, told = server
    told.answers += [problem(503, "draining", Retry_After="86400"), ok()]
    TaggerClient(url).tag(Product([b"x"]))
    assert waits == [60.0]


def test_it_gives_up_with_the_servers_own_error(
    server: tuple[str, type[Told]], waits: list[float]
) -> None:
    url, told = server
    told.answers += [problem(503, "overloaded")] * 3
    with pytest.raises(ProblemAnswered) as raised:
        TaggerClient(url, attempts=3).tag(Product([b"x"]))
    assert raised.value.problem.code == "overloaded"
    assert waits == [0.5, 1.0]


def test_a_wrong_photo_is_not_sent_again(
    server: tuple[str, type[Told]], waits: list[float]
) -> None:
    url, told = server
    told.answers.append(problem(400, "image_undecodable"))
    with pytest.raises(ProblemAnswered, match=r"^It is image_undecodable\.$"):
        TaggerClient(url).tag(Product([b"x"]))
    assert waits == []


def test_an_error_of_something_on_the_way(server: tuple[str, type[Told]]) -> None:
    url, told = server
    told.answers.append((413, {}, b"<html>nginx</html>"))
    with pytest.raises(ProblemAnswered) as raised:
        TaggerClient(url).tag(Product([b"x"]))
    assert (raised.value.problem.code, raised.value.problem.status) == ("http_413", 413)


def test_what_is_not_a_tagger_is_said(server: tuple[str, type[Told]]) -> None:
    url, told = server
    told.answers.append((200, {}, b"<html>"))
    with pytest.raises(ServerUnavailable, match="is not a tagger"):
        TaggerClient(url).tag(Product([b"x"]))


def test_nobody_there(waits: list[float]) -> None:
    client = TaggerClient("http://127.0.0.1:9", attempts=2)
    with pytest.raises(ServerUnavailable, match=r"No tagger answers at http://127\.0\.0\.1:9 "):
        client.tag(Product([b"x"]))
    assert waits == [0.5]
    with pytest.raises(ServerUnavailable, match="is it running"):
        client.require()


def test_a_server_that_starts_is_there(server: tuple[str, type[Told]]) -> None:
    url, told = server
    told.answers.append(problem(503, "loading"))
    TaggerClient(url).require()
    assert told.seen[0][0] == "/ping"


@pytest.mark.parametrize("url", ["localhost:8080", "file:///etc/passwd", "http://", ""])
def test_a_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="is not an address such as"):
        TaggerClient(url)


@pytest.mark.parametrize("path", ["", "/", "/predictions/tagger", "/predictions/tagger/"])
def test_the_address_of_the_api_is_that_of_the_server(
    path: str, server: tuple[str, type[Told]]
) -> None:
    url, told = server
    told.answers.append(ok())
    TaggerClient(url + path).tag(Product([b"x"]))
    assert told.seen[0][0] == "/predictions/tagger"


@pytest.mark.parametrize("path", ["/predictions", "/metrics", "/ping"])
def test_another_page_of_a_server_is_refused(path: str) -> None:
    with pytest.raises(SettingsInvalid, match="is a page of a server; give its address alone"):
        TaggerClient(f"http://127.0.0.1:8080{path}")


def test_the_key_is_not_sent_where_a_server_leads_on(server: tuple[str, type[Told]]) -> None:
    url, told = server
    told.answers += [(302, {"Location": f"{url}/elsewhere"}, b"")] * 2
    client = TaggerClient(url, key="secret")
    with pytest.raises(ServerUnavailable, match=r"leads on to .*/elsewhere; give that address\.$"):
        client.require()
    with pytest.raises(ProblemAnswered) as raised:
        client.tag(Product([b"x"]))
    assert raised.value.problem.code == "http_302"
    assert "/elsewhere" not in [path for path, *_ in told.seen]


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "refuses the API key"), (403, "refuses the API key"), (501, "is not a tagger")],
)
def test_who_refuses_at_once_is_not_asked_for_every_product(
    status: int, said: str, server: tuple[str, type[Told]]
) -> None:
    url, told = server
    told.answers.append((status, {}, b""))
    with pytest.raises(ServerUnavailable, match=said):
        TaggerClient(url).require()


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_server_that_starts_or_hides_its_ping_is_one(
    status: int, server: tuple[str, type[Told]]
) -> None:
    url, told = server
    told.answers.append((status, {}, b""))
    TaggerClient(url).require()


def test_a_keys_line_break_is_left_out_and_the_key_never_said(
    server: tuple[str, type[Told]],
) -> None:
    url, told = server
    told.answers.append(ok())
    TaggerClient(url, key="secret\n").tag(Product([b"x"]))
    assert told.seen[0][1]["X-Api-Key"] == "secret"
    with pytest.raises(SettingsInvalid) as raised:
        TaggerClient(url, key="sec\nret")
    assert "ret" not in str(raised.value).replace("characters", "")


def test_whoever_gives_up_waits_no_longer(server: tuple[str, type[Told]]) -> None:
    url, told = server
    told.answers += [problem(503, "overloaded", Retry_After="60")] * 9
    client = TaggerClient(url)
    Timer(0.2, client.give_up).start()
    started = time.monotonic()
    with pytest.raises(ServerUnavailable, match="was not asked again"):
        client.tag(Product([b"x"]))
    assert time.monotonic() - started < 10
