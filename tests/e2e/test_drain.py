"""A live server that is told to stop while it is used."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import cast

import psutil
import pytest

from chaos.server import eventually, paused
from chaos.variants import write_variant
from server.plan import ServingPlan
from server.ports import url
from server.processes import worker_pids
from server.readiness import metric_of, read_metrics
from server.tagger_server import BackendName
from server.temporary import free_ports, serving
from tests.e2e.wire import Answer, Wire, connect, request
from tests.real_photos import PROJECT
from tests.tiny_tagger import BLUE, photo

pytestmark = pytest.mark.timeout(120)

PREDICT = request(photo(BLUE), "Content-Type: image/jpeg")
PING = request(line="GET /ping HTTP/1.1")
CLIENTS = 8
# More than the workers take up at once.
WAITING = 40
GRACE_S = 2.0
PROBE_INTERVAL_S = 0.1
STOP_TIMEOUT_S = 20
LOADING_TIMEOUT_S = 60
EVENT_TIMEOUT_S = 10
# Appended to what workers import: all but the first load for longer than a test takes.
ONE_IS_QUICK = """
import os, time

try:
    os.close(os.open({mark!r}, os.O_CREAT | os.O_EXCL))
except FileExistsError:
    time.sleep(100)
"""


@pytest.fixture(params=["torchserve", "local"])
def backend(request: pytest.FixtureRequest) -> BackendName:
    return cast(BackendName, request.param)


class Command:
    """`hangtag serve` as it runs."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.logged: list[str] = []
        self.printed: list[str] = []
        self.ready = threading.Event()
        # A full pipe would hold up the server.
        self._readers = [threading.Thread(target=read) for read in (self._read, self._read_log)]
        for reader in self._readers:
            reader.start()

    @property
    def address(self) -> str:
        return url(self.port)

    def ping(self) -> tuple[int, str]:
        return ping(self.address)

    def workers(self) -> list[psutil.Process]:
        edge = next(
            each
            for each in psutil.Process(self.process.pid).children()
            if os.getpgid(each.pid) == each.pid
        )
        return [psutil.Process(pid) for pid in worker_pids(edge.pid)]

    def queue_length(self) -> int:
        return int(metric_of(read_metrics(self.port + 2), "hangtag_waiting"))

    def listens(self) -> bool:
        try:
            with connect(self.address):
                return True
        except ConnectionRefusedError:
            return False

    def wait(self) -> int:
        """Wait for the end; return the exit code."""
        code = self.process.wait(STOP_TIMEOUT_S)
        for reader in self._readers:
            reader.join()
        return code

    def _read_log(self) -> None:
        self.logged += self.process.stdout or ()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.printed.append(line)
            if line.startswith("Ctrl-C stops it."):
                self.ready.set()


def is_ready(server: Command) -> bool:
    return server.ready.wait(LOADING_TIMEOUT_S)


def answers(server: Command) -> bool:
    return eventually(lambda: server.listens() and server.ping()[0] == 200, LOADING_TIMEOUT_S)


@contextmanager
def command(
    archive: Path,
    logs: Path,
    grace_s: float,
    until: Callable[[Command], bool] = is_ready,
    backend: BackendName = "torchserve",
) -> Iterator[Command]:
    port = free_ports().inference
    options = ["--archive", archive, "--port", port, "--logs", logs, "--grace-s", grace_s]
    options += ["--backend", backend]
    with subprocess.Popen(
        [sys.executable, "-m", "hangtag.cli", "serve", "--print-logs", *map(str, options)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        running = Command(process, port)
        try:
            assert until(running), running.printed
            yield running
        finally:
            # A second signal ends any grace.
            while process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(1)


def ping(address: str) -> tuple[int, str]:
    """The status, and the code of what is wrong."""
    with connect(address) as wire:
        answer = wire.ask(PING)
    return answer.status, "" if answer.status == 200 else answer.code


class Balancer:
    """Sends requests over connections that it keeps, and none after /ping has said 503."""

    def __init__(self, server: Command) -> None:
        self._server = server
        self.answers: list[Answer] = []
        self.lost: list[Exception] = []
        self.told = threading.Event()
        self._obeyed = threading.Event()

    def send(self) -> None:
        """Send one request after the other, as one of several clients."""
        while not self._obeyed.is_set():
            self._connect()

    def probe(self) -> None:
        """Ask /ping; half of the grace after the first 503 the clients are told."""
        while self._server.ping()[0] == 200:
            time.sleep(PROBE_INTERVAL_S)
        self.told.set()
        time.sleep(GRACE_S / 2)
        self._obeyed.set()

    def _connect(self) -> None:
        try:
            with connect(self._server.address) as wire:
                self._use(wire)
        except (OSError, AssertionError) as error:
            self.lost.append(error)

    def _use(self, wire: Wire) -> None:
        while not self._obeyed.is_set():
            answer = wire.ask(PREDICT)
            self.answers.append(answer)
            if answer.headers["connection"] == "close":
                return


def test_sigterm_under_load_loses_no_request(
    tiny_archive: Path, tmp_path: Path, backend: BackendName
) -> None:
    with command(tiny_archive, tmp_path / "logs", GRACE_S, backend=backend) as server:
        balancer = Balancer(server)
        with ThreadPoolExecutor(CLIENTS + 1) as threads:
            running = [threads.submit(balancer.send) for _ in range(CLIENTS)]
            running.append(threads.submit(balancer.probe))
            assert eventually(lambda: len(balancer.answers) > 10 * CLIENTS, EVENT_TIMEOUT_S)
            server.process.terminate()
            assert balancer.told.wait(GRACE_S)
            before = len(balancer.answers)
            for each in running:
                each.result()
        assert server.wait() == 0
    assert balancer.lost == []
    assert {answer.status for answer in balancer.answers} == {200}
    # Requests were taken while /ping said 503, and their connections were ended.
    late = balancer.answers[before + CLIENTS :]
    assert len(late) > CLIENTS
    assert {answer.headers["connection"] for answer in late} == {"close"}
    assert server.printed[-1] == "Stopped.\n"
    # Nothing but JSON is on stdout.
    logged = [json.loads(line) for line in server.logged]
    assert len(balancer.answers) == sum(
        line.get("path") == "/predictions/tagger" for line in logged
    )


def test_sigterm_is_obeyed_in_peace_while_a_worker_still_loads(
    tiny_archive: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "slow.mar"
    one_is_quick = ONE_IS_QUICK.format(mark=str(tmp_path / "loaded"))
    write_variant(tiny_archive, archive, {"hangtag/requests/parsing.py": one_is_quick})
    with command(archive, tmp_path / "logs", GRACE_S, until=answers) as server:
        assert not server.ready.is_set()
        server.process.terminate()
        assert eventually(lambda: server.ping() == (503, "draining"), EVENT_TIMEOUT_S)
        with connect(server.address) as wire:
            assert wire.ask(PREDICT).status == 200
        assert server.wait() == 0
    assert server.printed[-1] == "Stopped.\n"


def test_what_waits_is_answered_before_the_server_stops(
    tiny_archive: Path, tmp_path: Path, backend: BackendName
) -> None:
    running = command(tiny_archive, tmp_path / "logs", grace_s=0, backend=backend)
    with running as server, ExitStack() as stack:
        waiting = [stack.enter_context(connect(server.address)) for _ in range(WAITING)]
        idle, half = (stack.enter_context(connect(server.address)) for _ in range(2))
        assert idle.ask(PING).status == 200
        with paused(server.workers()):
            for wire in waiting:
                wire.send(PREDICT)
            half.send(PREDICT[:-100])
            assert eventually(lambda: server.queue_length() > 0, EVENT_TIMEOUT_S)
            server.process.terminate()
            assert eventually(lambda: not server.listens(), EVENT_TIMEOUT_S)
            assert idle.is_at_end()
            half.send(PREDICT[-100:])
        answers = [wire.receive() for wire in (*waiting, half)]
        assert {answer.status for answer in answers} == {200}
        assert {answer.headers["connection"] for answer in answers} == {"close"}
        assert all(wire.is_at_end() for wire in (*waiting, half))
        assert server.wait() == 0


@pytest.mark.parametrize(
    "signals", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT,)], ids=["twice", "ctrl-c"]
)
def test_who_cannot_wait_need_not(
    tiny_archive: Path, tmp_path: Path, signals: Sequence[signal.Signals]
) -> None:
    with command(tiny_archive, tmp_path / "logs", grace_s=600) as server:
        server.process.send_signal(signals[0])
        for number in signals[1:]:
            assert eventually(lambda: server.ping() == (503, "draining"), EVENT_TIMEOUT_S)
            server.process.send_signal(number)
        assert server.wait() == 0


def test_ping_says_503_while_no_worker_has_the_model(
    tiny_archive: Path, backend: BackendName
) -> None:
    plan = ServingPlan(workers=1, threads=1, batch_size=4)
    with serving(tiny_archive, plan=plan, backend=backend) as address:
        assert ping(address.inference_url) == (200, "")
        (worker,) = address.worker_pids()
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: ping(address.inference_url) == (503, "loading"), EVENT_TIMEOUT_S)
        assert eventually(lambda: ping(address.inference_url) == (200, ""), LOADING_TIMEOUT_S)
