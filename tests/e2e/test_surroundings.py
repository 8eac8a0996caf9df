"""`hangtag serve` in surroundings that people have: streams, locales, folders, users."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from chaos.server import eventually
from hangtag.bundle import Bundle
from server.ports import url
from server.temporary import free_ports
from tests.network_watch import NetworkWatch
from tests.real_photos import PROJECT
from tests.tiny_tagger import RED, photo

pytestmark = pytest.mark.timeout(120)

LOADING_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
GRACE_S = 1.5
# A user that no list of users has, in a world of its own; nothing where that is not permitted.
NOBODY = ["unshare", "--user", "--map-user=12345"]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


@dataclass(frozen=True)
class Served:
    """A server that is ready."""

    process: subprocess.Popen[bytes]
    address: str

    def ping(self) -> int:
        """The status of /ping; 0 where nothing listens."""
        try:
            return httpx.get(f"{self.address}/ping").status_code
        except httpx.TransportError:
            return 0

    def tag(self) -> httpx.Response:
        return httpx.post(
            f"{self.address}/predictions/tagger",
            content=photo(RED),
            headers={"Content-Type": "image/jpeg"},
        )

    def terminate(self) -> None:
        """Send SIGTERM to the server, not to what it was started by."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        python = [each for each in children if "serve" in each.cmdline()]
        (python[-1] if python else psutil.Process(self.process.pid)).terminate()


@contextmanager
def served(
    archive: Path,
    folder: Path,
    environment: Mapping[str, str],
    prefix: Sequence[str] = (),
    redirections: str = "",
    project: Path = PROJECT,
) -> Iterator[Served]:
    port = free_ports().inference
    command = [
        *prefix, sys.executable, "-m", "hangtag.cli", "serve", "--archive", str(archive),
        "--port", str(port), "--logs", str(folder / "logs"), "--grace-s", str(GRACE_S),
    ]  # fmt: skip
    shell = ["bash", "-c", f'"$0" "$@" {redirections}; exit ${{PIPESTATUS[0]}}', *command]
    with subprocess.Popen(
        shell if redirections else command, cwd=project, env=dict(environment)
    ) as process:
        server = Served(process, url(port))
        try:
            assert eventually(lambda: server.ping() == 200, LOADING_TIMEOUT_S)
            yield server
        finally:
            if process.poll() is None:
                server.terminate()
                process.wait(STOP_TIMEOUT_S)


def test_serving_calls_nobody_and_leaves_nothing_in_the_home_folder(
    tiny_archive: Path, tmp_path: Path
) -> None:
    watch = NetworkWatch(tmp_path)
    with served(tiny_archive, tmp_path, watch.environment, watch.prefix) as server:
        assert server.tag().json()["tags"]
        server.terminate()
        assert server.process.wait(STOP_TIMEOUT_S) == 0
    assert watch.left_at_home() == []
    assert watch.calls() == []


def test_sigterm_leads_to_a_drain_where_nobody_reads_what_is_printed(
    tiny_archive: Path, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **ASCII}
    with served(tiny_archive, tmp_path, environment, redirections="| true") as server:
        assert_drains(server)


def assert_drains(server: Served) -> None:
    """Stop it; until it has stopped, nothing is lost."""
    server.terminate()
    assert eventually(lambda: server.ping() == 503, GRACE_S)
    assert server.tag().status_code == 200
    assert server.process.wait(STOP_TIMEOUT_S) == 0


def as_nobody() -> list[str]:
    try:
        permitted = subprocess.run([*NOBODY, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        permitted = False
    return NOBODY if permitted else []


def test_folders_locales_and_users_may_be_odd(tiny_bundle: Bundle, tmp_path: Path) -> None:
    project = tmp_path / "ü 'it: is, so"
    for room in ("hangtag", "handlers", "server", "service", "serve_config"):
        shutil.copytree(PROJECT / room, project / room)
    shutil.copytree(tiny_bundle.folder, project / "bündel")
    # No HOME, and a folder for temporary files that is not there.
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "missing"), **ASCII}
    packed = subprocess.run(
        [*as_nobody(), sys.executable, "-m", "hangtag.cli", "archive",
         "--bundle", "bündel", "--archive", "für, alle/t: 1.mar"],
        cwd=project, env=environment, capture_output=True,
    )  # fmt: skip
    assert packed.returncode == 0, packed.stderr
    archive = project / "für, alle" / "t: 1.mar"
    assert b"Packed b?ndel as f?r, alle" in packed.stdout
    to_ascii = "| cat >printed"
    with served(archive, project, environment, as_nobody(), to_ascii, project) as server:
        assert server.tag().json()["tags"]
        assert_drains(server)
    assert (project / "printed").read_text("ascii").endswith("Stopped.\n")
