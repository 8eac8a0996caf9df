"""The client against a server that answers what it is told to."""

import asyncio
import datetime
import gc
import json
import re
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread, Timer
from typing import Any

import pytest

from hangtag.client import AsyncTaggerClient, ProblemAnswered, Tagged, TaggerClient
from hangtag.errors import (
    DeadlineExceeded,
    ImageUndecodable,
    RequestError,
    RequestFailed,
    ServerUnavailable,
    SettingsInvalid,
    UnknownGroup,
)
from hangtag.requests.product import Product
from hangtag.schema import Options
from tests.unit.serving import serving

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

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("stamina._core._smart_sleep", sleep)
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


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("image_undecodable", ImageUndecodable),
        ("unknown_group", UnknownGroup),
        ("request_invalid", RequestError),
        ("deadline_exceeded", DeadlineExceeded),
    ],
)
def test_a_problem_is_the_error_of_its_code(
    server: tuple[str, type[Told]], code: str, error: type[RequestFailed]
) -> None:
    url, told = server
    told.answers.append(problem(400, code))
    with pytest.raises(error) as raised:
        TaggerClient(url).tag(Product([b"x"]))
    assert isinstance(raised.value, ProblemAnswered)
    assert raised.value.problem.code == raised.value.code == code


def test_a_time_to_ask_again_may_be_a_date(
    server: tuple[str, type[Told]], waits: list[float]
) -> None:
    url, told = server
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=20)
    told.answers += [
        problem(503, "draining", Retry_After=format_datetime(later, usegmt=True)),
        ok(),
    ]
    TaggerClient(url).tag(Product([b"x"]))
    (waited,) = waits
    assert 15 < waited <= 20


class Busy(BaseHTTPRequestHandler):
    """Answers each product after as many hundredths of a second as its title says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        title = re.search(rb'"title": "(\d+)"', body)
        hundredths = int(title[1]) if title else 0
        time.sleep(hundredths / 100)
        status, _, content = problem(400, "image_undecodable") if hundredths == 7 else ok()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def busy() -> Iterator[str]:
    with serving(Busy) as url:
        yield url


# The one of 7 is broken.
HUNDREDTHS = [30, 1, 7, 1, 20, 1]


def products() -> list[Product]:
    return [Product([b"x"], title=str(each)) for each in HUNDREDTHS]


def test_many_come_in_their_order(busy: str) -> None:
    with TaggerClient(busy) as client:
        tagged = list(client.tag_many(products(), concurrency=3))
    assert [each.product.title for each in tagged] == [str(each) for each in HUNDREDTHS]
    assert [isinstance(each.outcome, ImageUndecodable) for each in tagged] == [
        each == 7 for each in HUNDREDTHS
    ]
    with pytest.raises(ImageUndecodable):
        _ = tagged[2].answer
    assert tagged[0].answer.product_id == "A"


def test_many_come_as_they_are_answered(busy: str) -> None:
    with TaggerClient(busy) as client:
        tagged = list(client.tag_many(products(), concurrency=3, ordered=False))
    titles = [str(each.product.title) for each in tagged]
    assert sorted(titles) == sorted(map(str, HUNDREDTHS))
    assert titles[0] == "1"
    assert titles[-1] in ("30", "20")


def test_no_more_is_read_than_is_sent(busy: str) -> None:
    read = 0

    def endless() -> Iterator[Product]:
        nonlocal read
        while True:
            read += 1
            yield Product([b"x"], title="1")

    with TaggerClient(busy) as client:
        tagged = client.tag_many(endless(), concurrency=4)
        for _ in range(3):
            next(tagged)
        assert read <= 3 + 4
        tagged.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("ordered", [True, False])
def test_who_awaits_gets_the_same(*, ordered: bool, busy: str) -> None:
    async def ask() -> list[Tagged]:
        async with AsyncTaggerClient(busy) as client:
            answered = await client.tag(Product([b"x"], title="1"))
            assert answered.product_id == "A"
            many = client.tag_many(products(), concurrency=3, ordered=ordered)
            return [each async for each in many]

    titles = [each.product.title for each in asyncio.run(ask())]
    assert sorted(map(str, titles)) == sorted(map(str, HUNDREDTHS))
    assert (titles == list(map(str, HUNDREDTHS))) == ordered


def test_a_client_that_nobody_holds_closes_its_connections(busy: str) -> None:
    client = TaggerClient(busy)
    client.tag(Product([b"x"], title="1"))
    assert "tagger-client" in [each.name for each in threading.enumerate()]
    del client
    gc.collect()
    assert "tagger-client" not in [each.name for each in threading.enumerate()]
