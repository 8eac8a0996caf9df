"""A real TorchServe, started and stopped, with handlers of a few lines."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx
import pytest

from hangtag.errors import ServerUnavailable
from server.archive import open_archive
from server.ports import Ports
from server.temporary import ServingAddress, free_ports, serving
from server.torchserve import TorchServe

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).resolve().parents[2]

ECHO = """
import os
from ts.metrics.metric_type_enum import MetricTypes

class Echo:
    def initialize(self, context):
        self.metrics = context.metrics

    def _add(self, name, kind, value, *dimensions):
        metric = self.metrics.get_metric(name, kind)
        metric.add_or_update(value, ["tagger", *dimensions])

    def handle(self, rows, context):
        self._add("hangtag_requests_total", MetricTypes.COUNTER, len(rows), "ok")
        self._add("hangtag_photos_total", MetricTypes.COUNTER, 1, "image_undecodable")
        self._add("hangtag_tags_total", MetricTypes.COUNTER, 1, "baseColour", "accept")
        self._add("hangtag_decode_seconds", MetricTypes.HISTOGRAM, 0.02)
        self._add("hangtag_inference_seconds", MetricTypes.HISTOGRAM, 0.2)
        self._add("hangtag_decision_seconds", MetricTypes.HISTOGRAM, 1e-05)
        self._add("hangtag_score", MetricTypes.HISTOGRAM, 0.9, "baseColour")
        return [self._answer(row["body"]) for row in rows]

    def _answer(self, body):
        if bytes(body) == b"environment":
            return repr(sorted(os.environ.items()))
        return f"{type(body).__name__} of {len(body)}"
"""
BROKEN = """
from bundle_error import BundleInvalid

class Broken:
    def initialize(self, context):
        raise BundleInvalid("tagger.json is of format 9; make the archive again.")

    def handle(self, rows, context):
        return rows
"""
SLOW = """
import time

class Slow:
    def initialize(self, context):
        time.sleep(60)

    def handle(self, rows, context):
        return rows
"""

ARCHIVER_OPTIONS = {
    "--model-name": "any-name",
    "--version": "2.1",
    "--handler": "handler.py",
    "--extra-files": "bundle_error.py",
    "--config-file": "model-config.yaml",
}

MakeArchive = Callable[..., Path]


@pytest.fixture(scope="module")
def make_archive(tmp_path_factory: pytest.TempPathFactory) -> MakeArchive:
    def make(handler: str, workers: int = 1) -> Path:
        folder = tmp_path_factory.mktemp("archive")
        (folder / "handler.py").write_text(handler)
        (folder / "bundle_error.py").write_text("class BundleInvalid(Exception): pass\n")
        (folder / "model-config.yaml").write_text(
            f"minWorkers: {workers}\nmaxWorkers: {workers}\nbatchSize: 8\nmaxBatchDelay: 1\n"
        )
        archiver = Path(sys.executable).with_name("torch-model-archiver")
        subprocess.run(
            [archiver, *chain.from_iterable(ARCHIVER_OPTIONS.items())],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        return folder / "any-name.mar"

    return make


@pytest.fixture(scope="module")
def echo_archive(make_archive: MakeArchive) -> Path:
    return make_archive(ECHO, workers=2)


@pytest.fixture
def temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An own one, with a path short enough for a unix socket in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr("tempfile.tempdir", None)
        yield Path(folder)


@pytest.fixture(scope="module")
def server(echo_archive: Path) -> Iterator[ServingAddress]:
    os.environ["HANGTAG_TEST_TOKEN"] = "secret"
    try:
        with serving(echo_archive) as address:
            yield address
    finally:
        del os.environ["HANGTAG_TEST_TOKEN"]


def test_all_workers_are_ready(server: ServingAddress) -> None:
    (model,) = httpx.get(f"{server.management_url}/models/tagger").json()
    assert [worker["status"] for worker in model["workers"]] == ["READY", "READY"]
    assert server.workers == 2
    assert model["modelVersion"] == "2.1"
    assert model["batchSize"] == 8


def test_a_json_body_reaches_the_handler_unparsed(server: ServingAddress) -> None:
    answer = httpx.post(server.predictions_url, json={"images": []})
    assert (answer.status_code, answer.text) == (200, "bytearray of 13")


def test_a_body_above_the_handlers_limits_still_reaches_it(server: ServingAddress) -> None:
    photo = b"x" * 30_000_000
    headers = {"Content-Type": "image/jpeg"}
    answer = httpx.post(server.predictions_url, content=photo, headers=headers, timeout=60)
    assert answer.text == "bytearray of 30000000"


def test_workers_see_the_settings_and_no_secrets(server: ServingAddress) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    answer = httpx.post(server.predictions_url, content=b"environment", headers=headers)
    assert "('TS_DECODE_INPUT_REQUEST', 'false')" in answer.text
    assert "HANGTAG_TEST_TOKEN" not in answer.text


@pytest.mark.parametrize(
    "series",
    [
        'hangtag_requests_total{model_name="tagger",outcome="ok",',
        'hangtag_photos_total{model_name="tagger",outcome="image_undecodable",',
        'hangtag_tags_total{model_name="tagger",group="baseColour",decision="accept",',
        'hangtag_decode_seconds_count{model_name="tagger",',
        'hangtag_inference_seconds_sum{model_name="tagger",',
        'hangtag_decision_seconds_bucket{model_name="tagger",',
        'hangtag_score_bucket{model_name="tagger",group="baseColour",',
        'PredictionTime{ModelName="tagger",Level="Model",',
        'ts_inference_requests_total{model_name="tagger",',
        'ts_inference_latency_microseconds{model_name="tagger",',
        'ts_queue_latency_microseconds{model_name="tagger",',
        "Requests2XX{",
        "QueueTime{",
        "WorkerThreadTime{",
        "WorkerLoadTime{",
    ],
)
def test_the_declared_metrics_are_exposed(server: ServingAddress, series: str) -> None:
    httpx.post(server.predictions_url, content=b"photo", headers={"Content-Type": "image/jpeg"})
    assert _eventually(lambda: series in httpx.get(f"{server.metrics_url}/metrics").text)


def test_the_logs_hold_one_line_a_request(server: ServingAddress) -> None:
    before = _log_lines(server.logs)
    for _ in range(20):
        httpx.post(server.predictions_url, json={})
    time.sleep(0.5)
    assert 20 <= _log_lines(server.logs) - before <= 25


def test_only_loopback_is_listened_on(server: ServingAddress) -> None:
    listening = _listening_addresses(server.pid)
    # The API, management, metrics, and two for gRPC, which cannot be turned off.
    assert len(listening) == 5
    assert set(listening) <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_the_management_port_registers_nothing(server: ServingAddress) -> None:
    answer = httpx.post(f"{server.management_url}/models?url=file:///tmp/other.mar")
    assert answer.status_code in (403, 405)


def test_two_servers_run_side_by_side(server: ServingAddress, echo_archive: Path) -> None:
    with serving(echo_archive) as other:
        assert other.inference_url != server.inference_url
        assert httpx.post(other.predictions_url, json={}).status_code == 200
    assert httpx.post(server.predictions_url, json={}).status_code == 200


def test_a_handler_that_refuses_its_bundle_says_why(make_archive: MakeArchive) -> None:
    began = time.monotonic()
    with (
        pytest.raises(ServerUnavailable, match=r"BundleInvalid: tagger\.json is of format 9; make"),
        serving(make_archive(BROKEN)),
    ):
        pass
    assert time.monotonic() - began < 30


def test_nothing_is_left_when_java_dies(
    echo_archive: Path, tmp_path: Path, temporary_folder: Path
) -> None:
    with TorchServe(open_archive(echo_archive), free_ports(), tmp_path) as server:
        assert _eventually(lambda: len(_group(server.pid)) > 1)
        os.kill(server.pid, signal.SIGKILL)
        assert _eventually(lambda: server.exit_code == -signal.SIGKILL)
    assert _group(server.pid) == []
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(
    echo_archive: Path, number: signal.Signals, temporary_folder: Path
) -> None:
    with _command(echo_archive, free_ports()) as command:
        _read_until(command, "Ctrl-C stops it.")
        (java,) = _children(command.pid)
        assert len(_group(java)) == 3
        command.send_signal(number)
        output, errors = command.communicate(timeout=15)
    assert (command.returncode, errors) == (0, "")
    assert output.strip().endswith("Stopped.")
    assert _group(java) == []
    assert list(temporary_folder.iterdir()) == []


def test_ctrl_c_while_loading_stops_everything(
    make_archive: MakeArchive, temporary_folder: Path
) -> None:
    with _command(make_archive(SLOW), free_ports()) as command:
        assert _eventually(lambda: any(len(_group(java)) > 1 for java in _children(command.pid)))
        (java,) = _children(command.pid)
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=15)
    assert (command.returncode, errors) == (0, "")
    assert _group(java) == []
    assert list(temporary_folder.iterdir()) == []


def test_the_command_says_so_when_java_dies(echo_archive: Path) -> None:
    with _command(echo_archive, free_ports()) as command:
        _read_until(command, "Ctrl-C stops it.")
        (java,) = _children(command.pid)
        os.kill(java, signal.SIGKILL)
        _, errors = command.communicate(timeout=15)
    assert command.returncode == 1
    assert errors.startswith("TorchServe ended by itself with code -9; Java's last words: ")
    assert _group(java) == []


def test_the_command_says_that_java_ran_out_of_memory(echo_archive: Path) -> None:
    with _command(echo_archive, free_ports()) as command:
        _read_until(command, "Ctrl-C stops it.")
        (java,) = _children(command.pid)
        # What -XX:+ExitOnOutOfMemoryError prints.
        with (echo_archive.parent / "logs" / "console.log").open("a") as console:
            console.write("Terminating due to java.lang.OutOfMemoryError: Java heap space\n")
        os.kill(java, signal.SIGKILL)
        _, errors = command.communicate(timeout=15)
    assert ": Terminating due to java.lang.OutOfMemoryError: Java heap space. Logs: " in errors


def test_the_command_prints_a_call_that_works(echo_archive: Path, tmp_path: Path) -> None:
    sample = tmp_path / "photo.jpg"
    sample.write_bytes(b"12345")
    ports = free_ports()
    with _command(echo_archive, ports, "--sample", str(sample)) as command:
        printed = _read_until(command, "Ctrl-C stops it.")
        call = next(line for line in printed if line.startswith("curl "))
        address = re.search(r"http://\S+", call)
        assert f"--data-binary @{sample} " in call
        assert address is not None
        answer = httpx.post(
            address[0], content=sample.read_bytes(), headers={"Content-Type": "image/jpeg"}
        )
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=15)
    assert answer.text == "bytearray of 5"
    assert "any-name.mar, 0.0 MB, version 2.1" in "".join(printed)


def test_a_taken_port_is_noticed_before_java_starts(echo_archive: Path, tmp_path: Path) -> None:
    ports = free_ports()
    with (
        socket.create_server(("127.0.0.1", ports.management)),
        pytest.raises(ServerUnavailable, match=f"Port {ports.management} is taken"),
        TorchServe(open_archive(echo_archive), ports, tmp_path / "logs"),
    ):
        pass
    assert not (tmp_path / "logs").exists()


@contextmanager
def _command(archive: Path, ports: Ports, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "hangtag.cli", "serve", "--archive", str(archive), *options]
    command += ["--port", str(ports.inference), "--logs", str(archive.parent / "logs")]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _read_until(command: subprocess.Popen[str], last: str) -> list[str]:
    assert command.stdout is not None
    lines = []
    for line in command.stdout:
        lines.append(line)
        if line.strip() == last:
            return lines
    pytest.fail(f"It ended before it printed {last!r}: {command.communicate()}")


def _eventually(condition: Callable[[], bool], within_s: float = 20) -> bool:
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield pid, parent and process group of every process that is no zombie."""
    listing = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="]
    rows = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    for row in rows.splitlines():
        pid, parent, group, state = row.split()
        if not state.startswith("Z"):
            yield int(pid), int(parent), int(group)


def _children(parent: int) -> list[int]:
    return [pid for pid, its_parent, _ in _processes() if its_parent == parent]


def _group(group: int) -> list[int]:
    return [pid for pid, _, its_group in _processes() if its_group == group]


def _log_lines(logs: Path) -> int:
    return sum(len(log.read_text().splitlines()) for log in logs.glob("*.log"))


def _listening_addresses(pid: int) -> list[str]:
    psutil = pytest.importorskip("psutil")
    connections = psutil.Process(pid).net_connections(kind="inet")
    return [each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN]
