"""The nginx of deploy/proxy on a port of its own, with everything that it writes in one folder."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import ServerUnavailable
from server.ports import HOST, url

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "proxy"
# The names that nginx.conf knows.
FIRST, SECOND = "first", "second"
# nginx itself waits for 2.5 s for a port that is taken.
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0
_LOOK_INTERVAL_S = 0.02


@dataclass(frozen=True)
class AccessLogEntry:
    """One request as the proxy's access log has it."""

    request_id: str
    supplier: str
    status: int
    # Addresses such as 127.0.0.1:8080; two if it was sent again.
    taggers: tuple[str, ...]

    @property
    def sent_again(self) -> bool:
        """Whether a second tagger had to answer."""
        return len(self.taggers) > 1


def _free_port() -> int:
    """Return a port of the system's choice, which is none of the range that taggers are given."""
    with socket.create_server((HOST, 0)) as listening:
        return int(listening.getsockname()[1])


class Proxy:
    """nginx in front of two ports, as a context manager.

    Parameters
    ----------
    ports : of the taggers `first` and `second`
    suppliers : each gets a key, which `keys` then holds by name

    Raises
    ------
    ServerUnavailable : on entering, if nginx is missing or does not start; it says why.
    """

    def __init__(self, ports: tuple[int, int], suppliers: Sequence[str]) -> None:
        self.port = _free_port()
        self.keys = {supplier: secrets.token_hex(24) for supplier in suppliers}
        self._ports = ports
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._resources = ExitStack()

    @property
    def url(self) -> str:
        """Where callers reach it."""
        return url(self.port)

    def __enter__(self) -> Proxy:
        with ExitStack() as resources:
            temporary = tempfile.TemporaryDirectory(prefix="hangtag-proxy-")
            self._folder = Path(resources.enter_context(temporary))
            self._write_config()
            program = find_nginx()
            errors = resources.enter_context((self._folder / "run" / "error.log").open("ab"))
            self._process = subprocess.Popen(
                [program, "-p", f"{self._folder}/", "-c", "nginx.conf", "-g", "daemon off;"],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the command: it ends the load before the proxy.
                start_new_session=True,
            )
            resources.callback(_stop, self._process)
            self._await_start(self._process)
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def take_out(self, tagger: str) -> None:
        """Send a tagger no further requests; those that it has it answers."""
        (self._folder / "out" / tagger).touch()

    def put_in(self, tagger: str) -> None:
        """Send a tagger requests again."""
        (self._folder / "out" / tagger).unlink(missing_ok=True)

    def access_log_entries(self) -> list[AccessLogEntry]:
        """Return what has been answered up to now."""
        return [_read_entry(line) for line in self.access_log.splitlines()]

    @property
    def access_log(self) -> str:
        """A line for each request that has been answered."""
        return (self._folder / "run" / "access.log").read_text(encoding="utf-8")

    @property
    def complaints(self) -> str:
        """What nginx wrote to its error log."""
        return (self._folder / "run" / "error.log").read_text(encoding="utf-8", errors="replace")

    def _write_config(self) -> None:
        # nginx's own processes run as another user, if it was started by root.
        self._folder.chmod(0o755)
        shutil.copytree(CONFIGURATION, self._folder, dirs_exist_ok=True)
        for name in ("run", "out"):
            (self._folder / name).mkdir(exist_ok=True)
        site = self._folder / "site"
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir()
        shutil.copy2(CONFIGURATION / "example" / "limits.conf", site)
        (site / "server.conf").write_text(f"listen {HOST}:{self.port};\n")
        for tagger, port in zip((FIRST, SECOND), self._ports, strict=True):
            example = (CONFIGURATION / "example" / f"{tagger}.conf").read_text()
            (site / f"{tagger}.conf").write_text(_with_port(example, port))
        keys = [f'"{key}" {supplier};\n' for supplier, key in self.keys.items()]
        (site / "suppliers.map").write_text("".join(keys))
        (site / "suppliers.map").chmod(0o600)

    def _await_start(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < give_up_at and process.poll() is None:
            # Written once it listens; asking the port could reach another program.
            if (self._folder / "run" / "nginx.pid").exists():
                return
            time.sleep(_LOOK_INTERVAL_S)
        reasons = [line for line in self.complaints.splitlines() if "[emerg]" in line]
        reason = reasons[0] if reasons else "it said nothing"
        raise ServerUnavailable(f"nginx does not start: {reason}")


def find_nginx() -> str:
    """Return nginx's program.

    Raises
    ------
    ServerUnavailable : if it is not installed.
    """
    # Debian's lies where only root's shell looks.
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise ServerUnavailable(
            "nginx is not installed; on Debian and Ubuntu: apt-get install nginx."
        )
    return program


def _with_port(upstream: str, port: int) -> str:
    lines = upstream.splitlines()
    (server,) = [line for line in lines if line.startswith("server ")]
    _, _, options = server.removeprefix("server ").partition(" ")
    return f"server {HOST}:{port} {options}\n"


def _read_entry(line: str) -> AccessLogEntry:
    entry = json.loads(line)
    taggers = tuple(entry["taggers"].split(", ")) if entry["taggers"] else ()
    return AccessLogEntry(entry["request_id"], entry["supplier"], entry["status"], taggers)


def _stop(process: subprocess.Popen[bytes]) -> None:
    # At once: whoever still waits for an answer was told to stop before.
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_TIMEOUT_S)
    process.kill()
    process.wait()
