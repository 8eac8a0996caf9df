"""A server seen through its processes and metrics, before processes and metrics of a few lines."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chaos.memory_watch import MemoryWatch
from chaos.server import ServerUnderTrial, eventually
from hangtag.errors import ServerUnavailable
from server.plan import ServingPlan
from server.tagger_server import BackendName
from server.temporary import ServingAddress

METRICS = """\
hangtag_answers_total{model_name="tagger",status="200",outcome="ok"} 7.0
hangtag_answers_total{model_name="none",status="404",outcome="not_found"} 1.0
hangtag_answers_total{model_name="tagger",status="404",outcome="not_found"} 2.0
hangtag_requests_total{model_name="tagger",outcome="ok"} 6.0
hangtag_inference_seconds_count{model_name="tagger"} 3.0
hangtag_waiting{model_name="tagger",model_version="1"} 4.0
hangtag_workers_ready{model_name="tagger",model_version="1"} 1.0
hangtag_workers_wanted{model_name="tagger",model_version="1"} 1.0
"""
PLAN = ServingPlan(workers=2, threads=1, batch_size=8)
# Named like a worker of the edge's own; its child has 50 MB, too.
WORKER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "held = bytearray(50_000_000); input()"],
                         stdin=subprocess.PIPE)
held = bytearray(50_000_000)
print("started", flush=True)
sys.stdin.read()
child.kill()
"""


class Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(METRICS.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def metrics_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as listening:
        threading.Thread(target=listening.serve_forever).start()
        try:
            yield listening.server_port
        finally:
            listening.shutdown()


@contextmanager
def worker() -> Iterator[int]:
    command = [sys.executable, "-c", WORKER, "service.backends.worker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        yield process.pid


def server(port: int = 9, pid: int = 1, backend: BackendName = "local") -> ServerUnderTrial:
    address = ServingAddress(
        inference_url="http://127.0.0.1:7",
        management_url="http://127.0.0.1:8",
        metrics_url=f"http://127.0.0.1:{port}",
        workers=1,
        pid=pid,
        logs=Path(),
        backend=backend,
    )
    return ServerUnderTrial(address, Path(), PLAN)


def test_answers_and_requests_are_counted_by_outcome(metrics_port: int) -> None:
    seen = server(metrics_port)
    assert seen.answers_by_outcome() == {"ok": 7, "not_found": 3}
    assert seen.requests_by_outcome() == {"ok": 6}
    assert (seen.batches(), seen.waiting()) == (3, 4)


def test_a_server_that_says_nothing_is_an_error() -> None:
    with pytest.raises(ServerUnavailable, match="does not answer at http://127"):
        server().waiting()


def test_the_management_port_is_torchserves() -> None:
    assert server().management is None
    of_torchserve = server(backend="torchserve").management
    assert of_torchserve is not None
    assert of_torchserve.port == 8


def test_torchserve_holds_a_batch_more_of_each_worker() -> None:
    assert server().most_in_flight == 8
    assert server(backend="torchserve").most_in_flight == 16


def test_a_worker_is_ready_when_it_is_there_and_says_so(metrics_port: int) -> None:
    with worker() as pid:
        assert server(metrics_port, pid).wait_until_ready(0)
        health = server(metrics_port, pid).health()
    assert (health.edge_alive, health.worker_pids) == (True, frozenset({pid}))
    assert not server(metrics_port, pid).wait_until_ready(0)


def test_the_memory_of_what_a_worker_has_started_is_its_own() -> None:
    with worker() as pid, MemoryWatch(server(pid=pid)) as watch:
        assert eventually(lambda: watch.peaks.worker_bytes > 100_000_000, 10)
    # What was seen once stays, and is of two processes.
    assert watch.peaks.all_bytes == watch.peaks.worker_bytes
    assert watch.peaks.looks >= 1
