"""The image, built and run for real: `make image-test`. Skips without Docker and Podman."""

import hashlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from chaos.server import eventually
from deploy.container.contents import measure_contents
from deploy.container.engine import PROJECT, Engine, find_engine
from hangtag.errors import ServerUnavailable
from server.ports import HOST, url
from server.temporary import free_ports
from tests.tiny_tagger import BLUE, photo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TAG = "hangtag-test:cpu"
TAG_WITH_ARCHIVE = "hangtag-test:with-archive"
USER = "10001"
ARCHIVE = "/models/tagger.mar"
# With the largest base there is; two thirds of it are OpenVINO, Java and the base.
MAX_MB = 650
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 90
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def engine() -> Engine:
    try:
        engine = find_engine()
    except ServerUnavailable as error:
        pytest.skip(str(error))
    engine.build(TAG, "service", {"VERSION": "test", "REVISION": "test"})
    return engine


class Container:
    """A container that runs in the foreground of a process of ours, on ports of its own."""

    def __init__(self, engine: Engine, port: int, process: subprocess.Popen[str]) -> None:
        self.engine = engine
        self.port = port
        self.name = name_of(port)
        self.process = process
        self.printed: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        self.printed += self.process.stdout or ()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.printed
        with suppress(httpx.TransportError):
            return httpx.get(f"{url(self.port)}/ping").status_code == 200
        return False

    def tag(self) -> dict[str, Any]:
        answer = httpx.post(
            f"{url(self.port)}/predictions/tagger", content=photo(BLUE), headers=JPEG
        )
        answer.raise_for_status()
        return dict(answer.json())

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        return subprocess.run(
            [*self.engine.client, "exec", self.name, *command],
            capture_output=True,
            text=True,
            check=False,
        )

    def signal(self, name: str) -> None:
        subprocess.run(
            [*self.engine.client, "kill", "--signal", name, self.name],
            check=True,
            capture_output=True,
        )

    def wait(self) -> int:
        code = self.process.wait(STOP_TIMEOUT_S)
        self._reader.join()
        return code


def name_of(port: int) -> str:
    return f"hangtag-test-{port}"


@contextmanager
def container(
    engine: Engine, archive: Path | None, options: Sequence[str] = (), grace_s: float = 0
) -> Iterator[Container]:
    """A container that is ready; without an archive it is the image that has one."""
    mounted = () if archive is None else ("--volume", f"{archive}:{ARCHIVE}:ro")
    port = free_ports().inference
    settings = {"HANGTAG_PORT": port, "HANGTAG_GRACE_S": grace_s}
    command = engine.run_command(
        TAG_WITH_ARCHIVE if archive is None else TAG,
        options=[
            *("--name", name_of(port), *mounted),
            *(part for name, value in settings.items() for part in ("--env", f"{name}={value}")),
            *options,
        ],
    )
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        running = Container(engine, port, process)
        try:
            assert eventually(running.is_ready, START_TIMEOUT_S), running.printed
            yield running
        finally:
            while process.poll() is None:
                running.signal("KILL")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(1)


@pytest.fixture(scope="module")
def served(engine: Engine, tiny_archive: Path) -> Iterator[Container]:
    with container(engine, tiny_archive) as running:
        yield running


def test_it_tags_a_photo(served: Container) -> None:
    answer = served.tag()
    assert [tag["name"] for tag in answer["tags"] if tag["group"] == "colour"] == ["Blue"]
    assert answer["model"]["version"] == "2.5"


def test_it_has_no_rights(served: Container) -> None:
    assert served.run("id", "-u").stdout.strip() == USER
    assert served.run("id", "-g").stdout.strip() == USER
    assert "CapEff:\t0000000000000000" in served.run("cat", "/proc/1/status").stdout


@pytest.mark.parametrize("folder", ["/", "/app", "/models", "/opt/hangtag", "/var/tmp", "/home"])
def test_it_needs_nothing_writable_but_tmp(served: Container, folder: str) -> None:
    assert served.run("touch", f"{folder}/file").returncode != 0
    assert served.run("touch", "/tmp/file").returncode == 0


def test_tini_is_its_first_process(served: Container) -> None:
    assert served.run("cat", "/proc/1/comm").stdout.strip() == "tini"


def test_management_is_on_loopback_and_the_rest_is_not(served: Container) -> None:
    listening = {
        each.laddr.port: each.laddr.ip
        for each in psutil.net_connections(kind="inet")
        if each.status == psutil.CONN_LISTEN and each.laddr
    }
    api, management, metrics = (listening[served.port + step] for step in range(3))
    assert management.endswith(HOST)
    assert not api.endswith(HOST)
    assert not metrics.endswith(HOST)
    assert "hangtag_" in httpx.get(f"{url(served.port + 2)}/metrics").text


def test_its_health_check_says_whether_it_can_be_asked(served: Container) -> None:
    check = health_check(served.engine)
    assert served.run(*check).returncode == 0
    gone = served.run("env", "HANGTAG_PORT=9", *check)
    assert gone.returncode == 1
    assert gone.stderr.startswith("/ping on port 9: ")


def test_sigterm_loses_no_request_and_the_logs_are_printed(
    engine: Engine, tiny_archive: Path
) -> None:
    with container(engine, tiny_archive, grace_s=3) as running:
        stopped = threading.Event()

        def use() -> int:
            answered = 0
            while not stopped.is_set():
                running.tag()
                answered += 1
            return answered

        with ThreadPoolExecutor() as threads:
            clients = [threads.submit(use) for _ in range(4)]
            time.sleep(1)
            running.signal("TERM")
            assert eventually(lambda: not running.is_ready(), 3)
            time.sleep(1)
            stopped.set()
            answered = sum(client.result() for client in clients)
        assert running.wait() == 0
    logged = [line for line in running.printed if '"/predictions/tagger"' in line]
    assert len(logged) == answered
    assert all(json.loads(line)["status"] == 200 for line in logged)


def test_java_and_workers_follow_the_limits(engine: Engine, tiny_archive: Path) -> None:
    limits = ["--memory", "2g", "--cpus", "1.5"]
    with container(engine, tiny_archive, limits) as running:
        settings = running.run("sh", "-c", "cat /tmp/hangtag-*/config.properties").stdout
        workers = httpx.get(f"{url(running.port + 1)}/models/tagger").json()[0]["workers"]
        assert running.tag()["tags"]
    assert "-Xmx512m" in settings
    assert len(workers) == 1


def test_an_archive_may_be_in_the_image(engine: Engine, tiny_archive: Path) -> None:
    copy = PROJECT / "model_store" / "image-test.mar"
    shutil.copyfile(tiny_archive, copy)
    try:
        arguments = {"VERSION": "test", "ARCHIVE": str(copy.relative_to(PROJECT))}
        engine.build(TAG_WITH_ARCHIVE, "with-archive", arguments)
    finally:
        copy.unlink()
    with container(engine, archive=None) as running:
        assert running.tag()["model"]["version"] == "2.5"


def test_it_fetches_archives(engine: Engine, tiny_archive: Path) -> None:
    digest = hashlib.sha256(tiny_archive.read_bytes()).hexdigest()

    def fetch(sha256: str) -> subprocess.CompletedProcess[str]:
        arguments = ["fetch", "--source", "/store/a.mar", "--sha256", sha256, "--to", "/tmp/b.mar"]
        options = ["--volume", f"{tiny_archive}:/store/a.mar:ro"]
        return subprocess.run(
            engine.run_command(TAG, arguments, options), capture_output=True, text=True, check=False
        )

    assert fetch(digest).stdout.startswith("Fetched /store/a.mar as /tmp/b.mar")
    refused = fetch("0" * 64)
    assert refused.returncode == 1
    assert "has the sha256" in refused.stderr


def test_it_is_small_and_every_part_of_it_is_known(engine: Engine) -> None:
    sizes_mb = measure_contents(engine, TAG)
    assert min(sizes_mb.values()) >= 0
    assert sum(sizes_mb.values()) < MAX_MB


def test_its_labels_say_what_it_is(engine: Engine) -> None:
    labels = inspected(engine)["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "Hangtag"
    assert labels["org.opencontainers.image.version"] == "test"


def inspected(engine: Engine) -> dict[str, Any]:
    done = subprocess.run(
        [*engine.client, "image", "inspect", TAG], capture_output=True, text=True, check=True
    )
    (image,) = json.loads(done.stdout)
    return dict(image)


def health_check(engine: Engine) -> list[str]:
    """The command of HEALTHCHECK; Docker and Podman write it in different places."""
    image = inspected(engine)
    check = image.get("Healthcheck") or image["Config"].get("Healthcheck")
    kind, *command = check["Test"]
    assert kind == "CMD"
    return list(command)
