"""A real server, started and stopped; TorchServe with handlers of a few lines."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import cast

import httpx
import pytest

from hangtag.errors import ServerUnavailable
from server.archive import open_archive
from server.ports import Ports
from server.readiness import metric_of
from server.tagger_server import BackendName, TaggerServer
from server.temporary import ServingAddress, free_ports, serving

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).resolve().parents[2]

ECHO = """
import os

class Echo:
    def initialize(self, context):
        pass

    def handle(self, rows, context):
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


def test_what_another_handler_answers_is_counted(server: ServingAddress) -> None:
    before = _answered(server)
    httpx.post(server.predictions_url, content=b"photo", headers={"Content-Type": "image/jpeg"})
    assert _answered(server) == before + 1


def _answered(server: ServingAddress) -> float:
    text = httpx.get(f"{server.metrics_url}/metrics").text
    return metric_of(text, 'hangtag_requests_total{model_name="tagger",outcome="ok"}')


def test_the_logs_hold_one_line_a_request(server: ServingAddress) -> None:
    before = _log_lines(server.logs)
    for _ in range(20):
        httpx.post(server.predictions_url, json={})
    time.sleep(0.5)
    assert 20 <= _log_lines(server.logs) - before <= 25


def test_only_loopback_is_listened_on(server: ServingAddress) -> None:
    listening = [each for pid in _group(server.pid) for each in _listening_addresses(pid)]
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


@pytest.fixture(params=["torchserve", "local"])
def backend(request: pytest.FixtureRequest) -> BackendName:
    return cast(BackendName, request.param)


def test_nothing_is_left_when_the_edge_dies(
    backend: BackendName, tiny_archive: Path, tmp_path: Path, temporary_folder: Path
) -> None:
    archive = open_archive(tiny_archive)
    with TaggerServer(archive, free_ports(), tmp_path, backend=backend) as server:
        assert _eventually(lambda: len(_group(server.pid)) > 2)
        os.kill(server.pid, signal.SIGKILL)
        assert _eventually(lambda: server.exit_code == -signal.SIGKILL)
    assert _group(server.pid) == []
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(
    backend: BackendName, tiny_archive: Path, number: signal.Signals, temporary_folder: Path
) -> None:
    with _command(tiny_archive, free_ports(), "--backend", backend) as command:
        _read_until(command, "Ctrl-C stops it.")
        group = _group_of(command)
        # The edge and two workers; and Java.
        assert len(_group(group)) == (4 if backend == "torchserve" else 3)
        command.send_signal(number)
        output, errors = command.communicate(timeout=15)
    assert (command.returncode, errors) == (0, "")
    assert output.strip().endswith("Stopped.")
    assert _group(group) == []
    assert list(temporary_folder.iterdir()) == []


def test_nothing_outlives_a_launcher_that_is_killed(
    backend: BackendName, tiny_archive: Path
) -> None:
    with _command(tiny_archive, free_ports(), "--backend", backend) as command:
        _read_until(command, "Ctrl-C stops it.")
        group = _group_of(command)
        command.kill()
        assert _eventually(lambda: _group(group) == [])


def test_ctrl_c_while_loading_stops_everything(
    make_archive: MakeArchive, temporary_folder: Path
) -> None:
    with _command(make_archive(SLOW), free_ports()) as command:
        # The edge, Java and a worker.
        assert _eventually(lambda: any(len(_group(each)) > 2 for each in _children(command.pid)))
        group = _group_of(command)
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=15)
    assert (command.returncode, errors) == (0, "")
    assert _group(group) == []
    assert list(temporary_folder.iterdir()) == []


def test_the_command_says_so_when_java_dies(echo_archive: Path) -> None:
    with _command(echo_archive, free_ports()) as command:
        _read_until(command, "Ctrl-C stops it.")
        group = _group_of(command)
        (java,) = [each for each in _children(command.pid) if each != group]
        os.kill(java, signal.SIGKILL)
        _, errors = command.communicate(timeout=15)
    assert command.returncode == 1
    assert errors.startswith("The server ended by itself with code -9; its last words: ")
    assert _group(group) == []


def test_the_command_says_that_java_ran_out_of_memory(echo_archive: Path) -> None:
    with _command(echo_archive, free_ports()) as command:
        _read_until(command, "Ctrl-C stops it.")
        (java,) = [each for each in _children(command.pid) if each != _group_of(command)]
        # What -XX:+ExitOnOutOfMemoryError prints.
        with (echo_archive.parent / "logs" / "console.log").open("a") as console:
            console.write("Terminating due to java.lang.OutOfMemoryError: Java heap space\n")
        os.kill(java, signal.SIGKILL)
        _, errors = command.communicate(timeout=15)
    assert ": Terminating due to java.lang.OutOfMemoryError: Java heap space. Logs: " in errors


def test_workers_of_the_edges_own_that_cannot_load_say_why(
    tiny_archive: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mar"
    with zipfile.ZipFile(tiny_archive) as whole, zipfile.ZipFile(broken, "w") as copy:
        for name in whole.namelist():
            copy.writestr(name, b"none" if name.endswith("model.onnx") else whole.read(name))
    with (
        pytest.raises(ServerUnavailable, match=r"model\.onnx is not the file that was bundled"),
        serving(broken, backend="local"),
    ):
        pass


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
        TaggerServer(open_archive(echo_archive), ports, tmp_path / "logs"),
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


def _group_of(command: subprocess.Popen[str]) -> int:
    """The edge, which leads the group of all processes."""
    return next(each for each in _children(command.pid) if os.getpgid(each) == each)


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
