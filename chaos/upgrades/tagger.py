"""One tagger behind the proxy: `hangtag serve`, started and ended from outside."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from hangtag.errors import ServerUnavailable
from server.ports import HOST, Ports
from server.readiness import workers_of
from server.tagger_server import BackendName

_PROJECT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 120.0
# The drain's grace and the longest answer, with time to spare.
_STOP_TIMEOUT_S = 90.0
_LOOK_INTERVAL_S = 0.1


class Tagger:
    """A place for one server process after the other, always on the same ports.

    Parameters
    ----------
    name : `first` or `second`, as the proxy knows it
    logs : folder of the servers' logs and of what they print
    backend : what runs the tagger
    """

    def __init__(
        self, name: str, ports: Ports, logs: Path, backend: BackendName = "torchserve"
    ) -> None:
        self.name = name
        self.ports = ports
        self.backend = backend
        self.archive = Path()
        self._logs = logs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """As the proxy's access log names it."""
        return f"{HOST}:{self.ports.inference}"

    def start(self, archive: Path) -> None:
        """Start serving an archive; `await_ready` says when it does."""
        self.archive = archive
        self._logs.mkdir(parents=True, exist_ok=True)
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "hangtag.cli", "serve", "--archive", str(archive)),
                    *("--port", str(self.ports.inference), "--logs", str(self._logs)),
                    *("--backend", self.backend),
                ],
                cwd=_PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the command, which stops its taggers itself.
                start_new_session=True,
            )

    def await_ready(self) -> None:
        """Wait until every worker has loaded the archive.

        Raises
        ------
        ServerUnavailable : if the server ends before, with what it said, or is too slow.
        """
        give_up_at = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < give_up_at:
            if self._started.poll() is not None:
                raise ServerUnavailable(f"The {self.name} tagger ended: {self._last_words}")
            ready, wanted = workers_of(self.ports.metrics)
            if ready >= wanted > 0:
                return
            time.sleep(_LOOK_INTERVAL_S)
        raise ServerUnavailable(
            f"The {self.name} tagger is not ready after {READY_TIMEOUT_S:.0f} s; its logs are in "
            f"{self._logs}."
        )

    def stop(self) -> float:
        """Ask the server to stop, as systemd and Kubernetes do; return the seconds that it took.

        Raises
        ------
        ServerUnavailable : if it does not end in time; it is killed then.
        """
        began = time.monotonic()
        self._started.send_signal(signal.SIGTERM)
        try:
            self._started.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerUnavailable(
                f"The {self.name} tagger had not ended {_STOP_TIMEOUT_S:.0f} s after SIGTERM, and "
                f"was killed; its logs are in {self._logs}."
            ) from error
        return time.monotonic() - began

    def hold(self) -> None:
        """Stop the edge and all behind it where they are; they keep the requests that come."""
        self._signal_server(signal.SIGSTOP)

    def kill(self) -> None:
        """End the edge and all behind it, as the kernel does when memory runs out."""
        self._signal_server(signal.SIGKILL)
        # What started them cleans up behind them, and ends by itself.
        try:
            self._started.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._started.kill()
            self._started.wait()

    def end(self) -> None:
        """Stop whatever runs, if anything does."""
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def _signal_server(self, number: signal.Signals) -> None:
        for process in psutil.Process(self._started.pid).children():
            with suppress(ProcessLookupError):
                # The edge leads a group, to which all the others belong.
                os.killpg(process.pid, number)

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerUnavailable(f"The {self.name} tagger has not been started.")
        return self._process

    @property
    def _said(self) -> Path:
        return self._logs / "said.log"

    @property
    def _last_words(self) -> str:
        lines = self._said.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")
