"""One TorchServe with one archive, from its start to the end of its last process."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from hangtag.engine import DECIDED_PRECISION
from hangtag.errors import ServerUnavailable
from server.archive import Archive
from server.java import find_java
from server.logs import Logs
from server.plan import ServingPlan, as_properties, machine_plan
from server.ports import Ports
from server.settings import LOGGING, PROPERTIES, write_config
from server.speed import Speed, known_speed

MODEL_NAME = "tagger"
MODEL_FILE = f"{MODEL_NAME}.mar"
# Our front end; see frontend/HangtagServer.java.
_FRONTEND = Path(__file__).resolve().parent / "frontend" / "hangtag-frontend.jar"
# What workers import before anything else.
WORKER_PATH = Path(__file__).resolve().parent / "worker_path"
# Links in the run folder: Java splits what it is to load at each `:`, Python what it is to import,
# and the folders that those lie in may be named as people please.
_LINK_TO_FRONTEND = "hangtag-frontend.jar"
_LINK_TO_TORCHSERVE = "torchserve"
_LINK_TO_WORKER_PATH = "worker_path"
# A file of this name in the run folder tells the front end to take leave (frontend/Drain.java).
_DRAINING = "draining"
# Netty alone takes 2 s to close in peace.
STOP_TIMEOUT_S = 8.0
KILL_TIMEOUT_S = 2.0
_LOOK_INTERVAL_S = 0.05
# A unix socket's path holds 103 bytes on some systems; the run folder's name and the socket's
# own take 32 of them.
MAX_TEMP_PATH_BYTES = 70


class TorchServe:
    """The Java process, its workers and their temporary files, as a context manager.

    Parameters
    ----------
    archive : what is served, always under the name `tagger`.
    ports : where.
    logs : folder of the log files; made if missing.
    plan : workers, threads and batches; this machine's if not given.
    speed : what was measured of the archive here; what is kept of it if not given.

    Raises
    ------
    ServerUnavailable : on entering, if a port is taken, or Java or TorchServe is not installed.
    """

    def __init__(
        self,
        archive: Archive,
        ports: Ports,
        logs: Path,
        plan: ServingPlan | None = None,
        speed: Speed | None = None,
    ) -> None:
        self.archive = archive
        self.ports = ports
        self.plan = plan or machine_plan(archive.size_bytes)
        self.speed = speed or known_speed(archive.bundle_digest)
        self.logs = Logs(logs.resolve())
        self._process: subprocess.Popen[bytes] | None = None
        self._run_folder = Path()
        self._longest_request_s = 0.0
        self._resources = ExitStack()

    def __enter__(self) -> TorchServe:
        self.ports.require_free()
        java, home = find_java(), _torchserve_home()
        with ExitStack() as resources:
            run_folder = Path(resources.enter_context(_run_folder()))
            settings = as_properties(self.plan, MODEL_NAME, self.archive.model_version, MODEL_FILE)
            written = write_config(run_folder, self.ports, settings)
            _link(run_folder, home, self.archive.path)
            console = resources.enter_context(self.logs.open_console())
            self._process = subprocess.Popen(
                [str(java), *written.jvm_arguments, *_arguments(home, run_folder)],
                cwd=run_folder,
                env=_environment(run_folder, self.logs.folder, self.plan) | _decided(self.speed),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                # A process group of its own: Ctrl-C reaches only us, and stop() reaches all of it.
                start_new_session=True,
            )
            resources.callback(self._stop, self._process)
            self._run_folder = run_folder
            self._longest_request_s = written.frontend.longest_request_s
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def pid(self) -> int:
        """The Java process, which is also the id of the group that its workers belong to."""
        return self._started().pid

    @property
    def exit_code(self) -> int | None:
        """None while the Java process runs."""
        return self._started().poll()

    def drain(self, grace_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Stop without losing a request.

        For `grace_s` seconds /ping says 503 and every answer is its connection's last, while
        requests are still taken: that is the time for a balancer to notice. Then nobody can
        connect any more, and what is under way is answered.

        Parameters
        ----------
        sleep : may raise, if there is no time for all this; then leave the `with` block
        """
        java = self._started()
        (self._run_folder / _DRAINING).touch()
        sleep(grace_s)
        java.terminate()
        give_up_at = time.monotonic() + self._longest_request_s + STOP_TIMEOUT_S
        while java.poll() is None and time.monotonic() < give_up_at:
            sleep(_LOOK_INTERVAL_S)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerUnavailable("TorchServe has not been started.")
        return self._process

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        # Java only: it answers what is under way, and needs the workers for that.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        _await_end_of_group(process.pid)


def _link(run_folder: Path, torchserve_home: Path, archive: Path) -> None:
    (run_folder / MODEL_FILE).symlink_to(archive)
    (run_folder / _LINK_TO_FRONTEND).symlink_to(_FRONTEND)
    (run_folder / _LINK_TO_TORCHSERVE).symlink_to(torchserve_home)
    (run_folder / _LINK_TO_WORKER_PATH).symlink_to(WORKER_PATH)


def _arguments(torchserve_home: Path, run_folder: Path) -> list[str]:
    return [
        f"-Dmodel_server_home={torchserve_home}",
        f"-Djava.io.tmpdir={run_folder}",
        f"-Dlog4j.configurationFile={LOGGING}",
        # The log goes on until the last request is answered; HangtagServer ends it.
        "-Dlog4j.shutdownHookEnabled=false",
        "-cp",
        os.pathsep.join([_LINK_TO_FRONTEND, f"{_LINK_TO_TORCHSERVE}/ts/frontend/*"]),
        "HangtagServer",
        "--python",
        sys.executable,
        "--ts-config-file",
        PROPERTIES,
        "--no-config-snapshot",
        "--model-store",
        str(run_folder),
        "--models",
        f"{MODEL_NAME}={MODEL_FILE}",
    ]


# How the C library of the workers keeps memory. Left to itself, it keeps the memory of the largest
# photo that each of a worker's threads has seen: hostile photos took a worker from 510 to 770 MB
# for good (2 cores), and with these settings nowhere.
_MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
# Names of files, logs and answers are UTF-8, whatever the terminal takes.
UTF_8 = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}


def _environment(run_folder: Path, logs: Path, plan: ServingPlan) -> dict[str, str]:
    """Ours without what would overrule the settings or the archive.

    The settings: TS_CONFIG_FILE, TS_MODEL_SERVER_HOME, … The archive: PYTHONPATH comes before it in
    a worker, and holds our stand-in for torch alone.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TS_") and name != "PYTHONPATH"
    }
    temporary = dict.fromkeys(("TEMP", "TMPDIR"), str(run_folder))
    return {
        **_MEMORY,
        **inherited,
        **temporary,
        **UTF_8,
        "PYTHONPATH": str(run_folder / _LINK_TO_WORKER_PATH),
        "OMP_NUM_THREADS": str(plan.threads),
        "LOG_LOCATION": str(logs),
        "METRICS_LOCATION": str(logs),
    }


def _decided(speed: Speed | None) -> dict[str, str]:
    """Tell the workers in which numbers the network was the fastest, if that was measured."""
    return {DECIDED_PRECISION: speed.precision} if speed else {}


def _torchserve_home() -> Path:
    # Found, not imported: importing it would take seconds.
    package = importlib.util.find_spec("ts")
    if package is None or package.origin is None:
        raise ServerUnavailable("TorchServe is not installed; `pip install -e '.[serve]'` does it.")
    return Path(package.origin).resolve().parents[1]


def _run_folder() -> tempfile.TemporaryDirectory[str]:
    usual = tempfile.gettempdir()
    fits = len(os.fsencode(usual)) <= MAX_TEMP_PATH_BYTES and os.pathsep not in usual
    parent = usual if fits else "/tmp"  # noqa: S108
    return tempfile.TemporaryDirectory(prefix="hangtag-", dir=parent, ignore_cleanup_errors=True)


def _signal_group(group: int, number: signal.Signals | int) -> bool:
    """Return whether the group had a process left to signal."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _await_end_of_group(group: int) -> None:
    give_up_at = time.monotonic() + KILL_TIMEOUT_S
    while _signal_group(group, 0) and time.monotonic() < give_up_at:
        time.sleep(0.02)
