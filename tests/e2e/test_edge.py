"""What the edge answers itself, in front of both backends, with short time limits."""

import gzip
import os
import shutil
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import cast
from urllib.parse import urlsplit

import psutil
import pytest
import yaml

from server import settings as server_settings
from server.plan import ServingPlan
from server.readiness import metric_of, read_metrics
from server.tagger_server import BackendName
from server.temporary import ServingAddress, serving
from service.settings import FILE as SERVICE
from service.settings import ServiceSettings
from tests.e2e.wire import Answer, Wire, connect, request
from tests.tiny_tagger import BLUE, GREEN, RED, photo

pytestmark = pytest.mark.timeout(180)

TIME_LIMIT_S, READ_TIMEOUT_S, IDLE_TIMEOUT_S = 2.0, 1.5, 3.0
# What a machine that does other things may add; less than between two of the limits.
SLACK_S = 1.0
# Requests that the one worker takes up at once.
SEATS = 4
PLAN = ServingPlan(workers=1, threads=1, batch_size=SEATS)
JPEG = "Content-Type: image/jpeg"
MAX_REQUEST_BYTES = 67_108_864
# The budget of bodies, as much again while they are put together, and the edge itself.
MAX_EDGE_BYTES = 700_000_000
BACKENDS: tuple[BackendName, ...] = ("torchserve", "local")
PING = request(line="GET /ping HTTP/1.1")


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> BackendName:
    return cast(BackendName, request.param)


@pytest.fixture(scope="module")
def address(
    backend: BackendName, tiny_archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServingAddress]:
    folder = tmp_path_factory.mktemp("settings") / "serve_config"
    shutil.copytree(server_settings.SERVE_CONFIG, folder)
    settings = ServiceSettings(
        time_limit_ms=round(1000 * TIME_LIMIT_S),
        read_timeout_ms=round(1000 * READ_TIMEOUT_S),
        idle_timeout_ms=round(1000 * IDLE_TIMEOUT_S),
    )
    (folder / SERVICE).write_text(yaml.safe_dump(settings.model_dump()))
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server_settings, "SERVE_CONFIG", folder)
            address = stack.enter_context(serving(tiny_archive, plan=PLAN, backend=backend))
        yield address


@pytest.fixture(scope="module")
def standard_address(backend: BackendName, tiny_archive: Path) -> Iterator[ServingAddress]:
    """A server with the settings as they are shipped."""
    with serving(tiny_archive, backend=backend) as address:
        yield address


@pytest.fixture
def wire(address: ServingAddress) -> Iterator[Wire]:
    with connect(address.inference_url) as wire:
        yield wire


@contextmanager
def stopped_worker(address: ServingAddress) -> Iterator[int]:
    """Let the worker stand still; yields its process id."""
    (pid,) = address.worker_pids()
    # Nor is there anything left of earlier tests that it would be at.
    assert eventually(lambda: in_flight(address) == 0)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGCONT)
            # What it had is answered to nobody, and then others are served again.
            assert eventually(lambda: in_flight(address) == 0)


def eventually(condition: Callable[[], bool], within_s: float = 15) -> bool:
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.02)
    return False


def colour(answer: Answer) -> str:
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    (tag,) = [tag for tag in answer.json["tags"] if tag["group"] == "colour"]
    return str(tag["name"])


def is_healthy(address: ServingAddress) -> bool:
    with connect(address.inference_url) as wire:
        return wire.ask(PING).status == 200


def assert_serves(wire: Wire) -> None:
    assert colour(wire.ask(request(photo(RED), JPEG))) == "Red"


# --- Where requests go.


@pytest.mark.parametrize(
    "path",
    [
        "/predictions/tagger",
        "/predictions/tagger/2.5",
        "/predictions/tagger/",
        "//predictions/tagger",
        "/predictions//tagger//?top_k=1",
        "http://tagger.example:8080/predictions/tagger?top_k=1",
        "HTTPS://user:secret@tagger.example/predictions/tagger/2.5",
    ],
)
def test_predictions_are_let_through(wire: Wire, path: str) -> None:
    assert colour(wire.ask(request(photo(BLUE), JPEG, line=f"POST {path} HTTP/1.1"))) == "Blue"


def test_of_a_whole_url_the_log_keeps_the_path(address: ServingAddress, wire: Wire) -> None:
    line = "POST http://user:hush@tagger.example/predictions/tagger?api_key=hush HTTP/1.1"
    asked = request(photo(RED), JPEG, "X-Request-Id: whole-url", line=line)
    assert colour(wire.ask(asked)) == "Red"
    log = address.logs / "access_log.log"
    assert eventually(lambda: "whole-url" in log.read_text())
    (logged,) = [each for each in log.read_text().splitlines() if "whole-url" in each]
    assert '"path":"/predictions/tagger"' in logged
    assert "hush" not in log.read_text()


def test_ping_says_that_the_server_is_healthy(wire: Wire) -> None:
    answer = wire.ask(PING)
    assert (answer.status, answer.json) == (200, {"status": "Healthy"})
    assert_serves(wire)


@pytest.mark.parametrize("path", ["/ping", "//ping/", "http://tagger.example/ping?x"])
def test_ping_answers_those_that_ask_for_no_body(wire: Wire, path: str) -> None:
    wire.send(request(line=f"HEAD {path} HTTP/1.1"))
    status, headers = wire.receive_head()
    assert (status, headers["content-type"]) == (200, "application/json")
    assert_serves(wire)


@pytest.mark.parametrize(
    "path",
    [
        "/predictions",
        "/predictions/other",
        "/predictions/tagger/9.9",
        "/predictions/tagger/2.5/more",
        "/explanations/tagger",
        "/models",
        "/models/tagger/invoke",
        "/v1/models/tagger:predict",
        "/wfpredict/tagger",
        "/tagger/predict",
        "/api-description",
        "*",
    ],
)
def test_other_paths_are_not_found(wire: Wire, path: str) -> None:
    answer = wire.ask(request(b"{}", line=f"POST {path} HTTP/1.1"))
    assert (answer.status, answer.code) == (404, "not_found")
    assert_serves(wire)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predictions/tagger", "POST"),
        ("PUT", "/predictions/tagger/2.5", "POST"),
        ("POST", "/ping", "GET, HEAD"),
    ],
)
def test_other_methods_are_not_allowed(wire: Wire, method: str, path: str, allowed: str) -> None:
    answer = wire.ask(request(b"{}", line=f"{method} {path} HTTP/1.1"))
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
    assert_serves(wire)


# --- Messages that are no requests.


@pytest.mark.parametrize(
    "message",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n",
        b"nonsense\r\n\r\n",
        request(line=f"POST /predictions/tagger?groups={'a' * 20_000} HTTP/1.1"),
        request(b"", "X: " + "a" * 20_000),
        request(b"", "X\x01: 1"),
        request(b"x", "Content-Length: 2"),
        request(b"x", "Transfer-Encoding: chunked"),
        request(b"x", "Transfer-Encoding: gzip"),
        request(b"x", "\x0bTransfer-Encoding: chunked"),
        request(b"x", "Host: other"),
        request(line="POST predictions/tagger HTTP/1.1"),
        request(line="POST http://tagger.example HTTP/1.1"),
        request(line="post /predictions/tagger HTTP/1.1"),
        request().replace(b"\r\n", b"\n"),
        b"POST /predictions/tagger HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /predictions/tagger HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /predictions/tagger HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /predictions/tagger HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5 junk\r\n",
    ],
    ids=lambda message: repr(message[-24:]),
)
def test_what_is_no_http_is_refused_and_ends_the_connection(wire: Wire, message: bytes) -> None:
    answer = wire.ask(message)
    assert (answer.status, answer.code) == (400, "request_invalid")
    assert answer.headers["connection"] == "close"
    assert wire.is_at_end()


def test_a_path_that_cannot_be_decoded(wire: Wire) -> None:
    answer = wire.ask(request(line="POST /predictions/%zz HTTP/1.1"))
    assert (answer.status, answer.code) == (404, "not_found")
    assert_serves(wire)


def test_options_says_what_a_path_takes(wire: Wire) -> None:
    answer = wire.ask(request(line="OPTIONS /predictions/tagger HTTP/1.1"))
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "POST, OPTIONS", b"")
    assert_serves(wire)


# --- Forms.

FORM = "Content-Type: multipart/form-data; boundary=b"
FILE = 'Content-Disposition: form-data; name="image"; filename="a.jpg"'


def part(headers: str, content: bytes) -> bytes:
    return f"--b\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def test_a_form_with_all_that_is_allowed(wire: Wire) -> None:
    body = (
        b"before\r\n"
        + part('content-disposition: form-data; name="product_id"\r\nX: y', b'a "b"')
        + part('Content-Disposition: form-data; name=top_k\r\nContent-Type: text/plain', b"1")
        + part(FILE + "\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: binary",
               photo(BLUE) + b"\r\n--a\r\n")
        + b"--b--\r\nafter"
    )  # fmt: skip
    answer = wire.ask(request(body, 'Content-Type: Multipart/Form-Data; Boundary="b"'))
    assert colour(answer) == "Blue"
    assert answer.json["product_id"] == 'a "b"'
    assert all(len(group["candidates"]) == 1 for group in answer.json["groups"].values())


def test_a_browsers_form_in_which_one_input_was_left_empty(wire: Wire) -> None:
    field = "Content-Disposition: form-data; name="
    body = (
        part(FILE + "\r\nContent-Type: image/jpeg", photo(BLUE))
        + part(field + '"back"; filename=""\r\nContent-Type: application/octet-stream', b"")
        + part(field + '"title"', b"")
        + part(
            field + '"product_id"\r\nContent-Type: text/plain; charset=ISO-8859-1', b"Gr\xf6\xdfe"
        )
        + part(field + '"submit"', b"Send")
        + b"--b--\r\n"
    )
    answer = wire.ask(request(body, FORM))
    assert colour(answer) == "Blue"
    assert (len(answer.json["images"]), answer.json["product_id"]) == (1, "Größe")


def test_a_file_of_no_bytes_is_not_left_out(wire: Wire) -> None:
    body = part(FILE, photo(BLUE)) + part(FILE, b"") + b"--b--"
    assert wire.ask(request(body, FORM)).code == "image_missing"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity", "gzip\r\nX: y", "utf-8"])
def test_a_packed_body_is_unpacked(wire: Wire, encoding: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}
    pack = packers.get(encoding.split("\r")[0], bytes)
    answer = wire.ask(request(pack(photo(GREEN)), JPEG, f"Content-Encoding: {encoding}"))
    assert colour(answer) == "Green"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\x8b\x03\x80", (JPEG, "Content-Encoding: br"), 415),
        (gzip.compress(photo()), (JPEG, "Content-Encoding: gzip", "Content-Encoding: gzip"), 415),
        (gzip.compress(bytes(40_000_000)), (JPEG, "Content-Encoding: gzip"), 413),
        (gzip.compress(part(FILE, photo()) + b"--b--"), (FORM, "Content-Encoding: gzip"), 415),
    ],
    ids=["br", "twice", "bomb", "form"],
)
def test_what_is_not_unpacked(
    wire: Wire, body: bytes, headers: tuple[str, ...], status: int
) -> None:
    answer = wire.ask(request(body, *headers))
    assert answer.status == status
    assert answer.code in ("format_unsupported", "request_too_large")
    assert_serves(wire)


def test_a_form_under_a_content_encoding_that_is_none(wire: Wire) -> None:
    body = part(FILE, photo(GREEN)) + b"--b--"
    assert colour(wire.ask(request(body, FORM, "Content-Encoding: gzip"))) == "Green"


def test_a_form_without_a_boundary_is_told_whose_the_header_is(wire: Wire) -> None:
    answer = wire.ask(request(part(FILE, photo()), "Content-Type: multipart/form-data"))
    assert answer.code == "request_invalid"
    assert "leave that header to your client" in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (part(FILE, photo()), FORM),
        (part(FILE, photo()) + b"--b--", "Content-Type: multipart/form-data"),
        (part("Content-Disposition: form-data", photo()) + b"--b--", FORM),
        (part(FILE + "\r\nContent-Transfer-Encoding: base64", photo()) + b"--b--", FORM),
        (part('Content-Disposition: form-data; name="' + "\\a" * 4000, photo()) + b"--b--", FORM),
        (part("X: " + "y" * 9000, photo()) + b"--b--", FORM),
        (part(FILE, b"") * 101 + b"--b--", FORM),
        (part(FILE, b"") * 200_000 + b"--b--", FORM),
        (b"--b\r\n" + FILE.encode() + b"\r\n--b--", FORM),
        (b"--b\r\n--b--", FORM),
        (b"--bx\r\n\r\n\r\n--b--", FORM),
        (b"", FORM),
    ],
    ids=range(12),
)
def test_a_form_that_cannot_be_read(wire: Wire, body: bytes, content_type: str) -> None:
    answer = wire.ask(request(body, content_type))
    assert (answer.status, answer.code) == (400, "request_invalid")
    assert_serves(wire)


# --- Sizes.


def test_a_request_that_says_that_it_is_too_large_is_not_even_read(wire: Wire) -> None:
    head = "POST /predictions/tagger HTTP/1.1\r\nExpect: 100-continue\r\n"
    answer = wire.ask(f"{head}Content-Length: {MAX_REQUEST_BYTES + 1}\r\n\r\n".encode())
    assert (answer.status, answer.code) == (413, "request_too_large")
    assert wire.is_at_end()


def test_a_client_that_asks_first_may_go_ahead(wire: Wire) -> None:
    body = photo(GREEN)
    message = request(body, JPEG, "Expect: 100-continue")
    assert wire.ask(message[: -len(body)]).status == 100
    assert colour(wire.ask(body)) == "Green"
    assert_serves(wire)


def test_chunks_are_counted(wire: Wire) -> None:
    wire.send(b"POST /predictions/tagger HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    for _ in range(MAX_REQUEST_BYTES // 0x100000 + 1):
        wire.send(chunk)
    answer = wire.receive()
    assert (answer.status, answer.code) == (413, "request_too_large")
    assert wire.is_at_end()


def test_a_photo_in_chunks(wire: Wire) -> None:
    wire.send(b"POST /predictions/tagger HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for byte in photo(GREEN):
        wire.send(b"1\r\n%c\r\n" % byte)
    assert colour(wire.ask(b"0\r\n\r\n")) == "Green"
    assert_serves(wire)


def test_big_bodies_at_once_harm_nobody(standard_address: ServingAddress) -> None:
    """32 times 60 MB are more than the budget allows."""
    message = request(bytes(60_000_000), JPEG)
    over = Event()

    def send_big(_: int) -> str:
        with connect(standard_address.inference_url) as wire:
            return wire.ask(message).code

    def send_small() -> list[int]:
        statuses = []
        with connect(standard_address.inference_url) as wire:
            while not over.is_set():
                statuses.append(wire.ask(request(photo(RED), JPEG)).status)
        return statuses

    with ThreadPoolExecutor(33) as pool:
        neighbour = pool.submit(send_small)
        codes = set(pool.map(send_big, range(32)))
        over.set()
        assert set(neighbour.result()) == {200}
    # The handler's limit and the budget.
    assert codes == {"image_too_large", "overloaded"}
    assert peak_memory_bytes(standard_address.pid) < MAX_EDGE_BYTES


def peak_memory_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


# --- Time.


def test_a_request_is_answered_within_the_time_limit(address: ServingAddress, wire: Wire) -> None:
    with stopped_worker(address):
        began = time.monotonic()
        answer = wire.ask(request(photo(), JPEG))
        took_s = time.monotonic() - began
    assert (answer.status, answer.code) == (504, "deadline_exceeded")
    assert TIME_LIMIT_S <= took_s < TIME_LIMIT_S + SLACK_S
    # Nor does the worker's answer come after it.
    assert wire.is_at_end()


@pytest.mark.parametrize(
    ("asked", "limit_s"), [("300", 0.3), ("99999", TIME_LIMIT_S), ("9" * 400, TIME_LIMIT_S)]
)
def test_a_client_may_ask_for_less_time(
    address: ServingAddress, wire: Wire, asked: str, limit_s: float
) -> None:
    with stopped_worker(address):
        began = time.monotonic()
        answer = wire.ask(request(photo(), JPEG, f"X-Request-Timeout-Ms: {asked}"))
        took_s = time.monotonic() - began
    assert (answer.status, answer.code) == (504, "deadline_exceeded")
    assert limit_s <= took_s < limit_s + SLACK_S


@pytest.mark.parametrize("asked", ["soon", "-1", "0", "1.5", ""])
def test_a_time_that_is_no_number(wire: Wire, asked: str) -> None:
    answer = wire.ask(request(photo(), JPEG, f"X-Request-Timeout-Ms: {asked}"))
    assert (answer.status, answer.code) == (400, "request_invalid")
    assert_serves(wire)


@pytest.mark.parametrize(
    "beginning", [b"POST /pred", request(photo(), JPEG)[:-1], b"GET /ping HTTP/1.1\r\nHost: a\r\n"]
)
def test_a_request_that_does_not_arrive(wire: Wire, beginning: bytes) -> None:
    began = time.monotonic()
    answer = wire.ask(beginning)
    assert (answer.status, answer.code) == (408, "request_incomplete")
    assert READ_TIMEOUT_S <= time.monotonic() - began < READ_TIMEOUT_S + SLACK_S
    assert wire.is_at_end()


def test_a_connection_without_requests_is_closed(wire: Wire) -> None:
    assert_serves(wire)
    began = time.monotonic()
    assert wire.is_at_end()
    assert IDLE_TIMEOUT_S - 0.1 <= time.monotonic() - began < IDLE_TIMEOUT_S + SLACK_S


# --- Clients that leave, workers that are lost, and too many requests.


def test_nothing_is_done_for_clients_that_left(address: ServingAddress) -> None:
    with stopped_worker(address), ExitStack() as stack:
        fill(address, stack, seats(address))
        leaving = [stack.enter_context(connect(address.inference_url)) for _ in range(3)]
        for wire in leaving:
            wire.send(request(photo(), JPEG))
        assert eventually(lambda: address.waiting() == 3, within_s=TIME_LIMIT_S / 2)
        for wire in leaving[1:]:
            wire.close()
        assert eventually(lambda: address.waiting() == 1, within_s=TIME_LIMIT_S / 2)
        # What is left goes at its deadline.
        assert leaving[0].receive().code == "deadline_exceeded"
        assert address.waiting() == 0


def seats(address: ServingAddress) -> int:
    """Requests that leave the line; a second batch lies ready for a worker of TorchServe's."""
    return 2 * SEATS if address.backend == "torchserve" else 1


def test_a_lost_worker_is_said_and_another_one_comes(address: ServingAddress) -> None:
    with stopped_worker(address) as pid, connect(address.inference_url) as wire:
        wire.send(request(photo(), JPEG))
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        answer = wire.receive()
        assert (answer.status, answer.code) == (503, "worker_lost")
        assert answer.headers["retry-after"] == "1"
    assert eventually(lambda: is_healthy(address), within_s=30)
    with connect(address.inference_url) as wire:
        assert_serves(wire)


def test_who_would_wait_too_long_is_refused_at_once(address: ServingAddress, wire: Wire) -> None:
    with stopped_worker(address), ExitStack() as stack:
        fill(address, stack, 2 * SEATS)
        # A quarter of half the time limit must have been seen.
        time.sleep(TIME_LIMIT_S / 8 + 0.1)
        began = time.monotonic()
        answer = wire.ask(request(photo(), JPEG))
        assert time.monotonic() - began < TIME_LIMIT_S / 2
    assert (answer.status, answer.code) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1
    # The same connection, a moment later.
    assert eventually(lambda: wire.ask(request(photo(), JPEG)).status == 200)


def test_a_server_that_keeps_up_refuses_nobody(standard_address: ServingAddress) -> None:
    until = time.monotonic() + 3

    def client(_: int) -> int:
        with connect(standard_address.inference_url) as wire:
            answers = 0
            while time.monotonic() < until:
                assert_serves(wire)
                answers += 1
        return answers

    with ThreadPoolExecutor(64) as pool:
        assert min(pool.map(client, range(64))) > 0


def fill(address: ServingAddress, stack: ExitStack, requests: int) -> None:
    """Give a worker that stands still so many requests, one after the other."""
    for count in range(requests):
        wire = stack.enter_context(connect(address.inference_url))
        wire.send(request(photo(), JPEG))
        # It takes what is there when it begins, so the first goes alone, and the others wait.
        if count == 0:
            assert eventually(lambda: in_flight(address) == 1)


def in_flight(address: ServingAddress) -> int:
    port = urlsplit(address.metrics_url).port or 0
    return int(metric_of(read_metrics(port), "hangtag_in_flight"))


# --- One connection.


def test_answers_come_in_the_order_of_the_requests(wire: Wire) -> None:
    missing = request(photo(), JPEG, line="POST /elsewhere HTTP/1.1")
    wire.send(
        request(photo(RED), JPEG)
        + request(b"broken", JPEG)
        + PING
        + missing
        + request(photo(GREEN), JPEG)
        + request(photo(BLUE), JPEG)
    )
    assert colour(wire.receive()) == "Red"
    assert wire.receive().code == "image_undecodable"
    assert wire.receive().json == {"status": "Healthy"}
    assert wire.receive().code == "not_found"
    assert colour(wire.receive()) == "Green"
    assert colour(wire.receive()) == "Blue"


def test_many_requests_in_one_piece(wire: Wire) -> None:
    wire.send(PING * 2000)
    assert {wire.receive().status for _ in range(2000)} == {200}
    assert_serves(wire)


def test_the_connection_ends_where_the_client_wants_it(wire: Wire) -> None:
    assert colour(wire.ask(request(photo(RED), JPEG, "Connection: close"))) == "Red"
    assert wire.is_at_end()


def test_an_old_client_gets_one_answer(wire: Wire) -> None:
    line = "POST /predictions/tagger HTTP/1.0"
    assert colour(wire.ask(request(photo(RED), JPEG, line=line))) == "Red"
    assert wire.is_at_end()


def test_the_head_of_an_answer_has_no_body(wire: Wire) -> None:
    wire.send(request(line="HEAD /predictions/tagger HTTP/1.1") + PING)
    assert wire.receive_head()[0] == 405
    assert wire.receive().json == {"status": "Healthy"}
