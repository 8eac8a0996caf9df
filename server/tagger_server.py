"""A running server: the edge, and what runs the tagger behind it, from their start to their end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Literal, Self, TypeAlias

from hangtag.errors import ServerUnavailable
from hangtag.settings import MODEL_CONFIG
from server.archive import Archive, lay_out_bundle
from server.environment import environment_of
from server.logs import Logs
from server.plan import ServingPlan, count_gpus, machine_plan
from server.ports import Ports
from server.run_folder import run_folder
from server.settings import edge_settings
from server.speed import Speed, known_speed
from server.torchserve import MODEL_NAME, plan_of_edge, start_torchserve
from service.orders import EdgeOrders, LocalPlan, WorkerOrders

BackendName: TypeAlias = Literal["torchserve", "local"]
# After the last request is answered.
STOP_TIMEOUT_S = 8.0
KILL_TIMEOUT_S = 2.0
_LOOK_INTERVAL_S = 0.05
_ORDERS = "edge.json"
_PROJECT = Path(__file__).resolve().parents[1]


class TaggerServer:
    """The edge, a backend and their temporary files, as a context manager.

    Parameters
    ----------
    archive : what is served, always under the name `tagger`.
    ports : where.
    logs : folder of the log files; made if missing.
    plan : workers, threads and batches; this machine's if not given.
    speed : what was measured of the archive here; what is kept of it if not given.
    backend : `torchserve`, or `local` for workers of the edge's own, without Java

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
        backend: BackendName = "torchserve",
    ) -> None:
        self.archive = archive
        self.ports = ports
        self.backend = backend
        java = backend == "torchserve"
        self.plan = plan or machine_plan(archive.size_bytes, java=java)
        self.speed = speed or known_speed(archive.bundle_digest)
        self.logs = Logs(logs.resolve())
        self._edge: subprocess.Popen[bytes] | None = None
        self._java: subprocess.Popen[bytes] | None = None
        self._settings = edge_settings()
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        self.ports.require_free()
        with ExitStack() as resources:
            folder = resources.enter_context(run_folder())
            console = resources.enter_context(self.logs.open_console())
            resources.callback(self._stop)
            self._start(folder, console)
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def pid(self) -> int:
        """The edge, which is also the id of the group that all processes belong to."""
        return self._started().pid

    @property
    def exit_code(self) -> int | None:
        """None while all of it runs."""
        code = self._started().poll()
        if code is None and self._java is not None:
            code = self._java.poll()
        return code

    def drain(self, grace_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Stop without losing a request.

        For `grace_s` seconds /ping says 503 and every answer is its connection's last, while
        requests are still taken: that is the time for a balancer to notice. Then nobody can
        connect any more, and what is under way is answered.

        Parameters
        ----------
        sleep : may raise, if there is no time for all this; then leave the `with` block
        """
        edge = self._started()
        edge.send_signal(signal.SIGUSR1)
        sleep(grace_s)
        edge.terminate()
        give_up_at = time.monotonic() + self._settings.longest_request_s + STOP_TIMEOUT_S
        while edge.poll() is None and time.monotonic() < give_up_at:
            sleep(_LOOK_INTERVAL_S)

    def _start(self, folder: Path, console: IO[bytes]) -> None:
        environment = environment_of(folder, self.logs.folder, self.plan, self.speed)
        orders = folder / _ORDERS
        orders.write_text(self._orders(folder).model_dump_json(), encoding="utf-8")
        self._edge = subprocess.Popen(
            [sys.executable, "-m", "service.process", str(orders)],
            cwd=_PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            # A process group of its own: Ctrl-C reaches only us, and stop() reaches all of it.
            process_group=0,
        )
        if self.backend == "torchserve":
            self._java = start_torchserve(
                self.archive,
                self.ports,
                self.plan,
                folder,
                environment,
                console,
                group=self._edge.pid,
            )

    def _orders(self, folder: Path) -> EdgeOrders:
        is_local = self.backend == "local"
        bundle = lay_out_bundle(self.archive.path, folder / "archive", whole=is_local)
        common = {
            "host": self.ports.host,
            "port": self.ports.inference,
            "metrics_port": self.ports.metrics,
            "logs": self.logs.folder,
            "bundle": bundle,
            "model": MODEL_NAME,
            "version": self.archive.model_version,
            "settings": self._settings,
        }
        if not is_local:
            plan = plan_of_edge(self.archive, self.ports, self.plan, folder)
            return EdgeOrders(**common, torchserve=plan)
        if bundle is None:
            raise ServerUnavailable(f"{self.archive.path} holds no bundle for a local backend.")
        return EdgeOrders(**common, local=self._local_plan(bundle))

    def _local_plan(self, bundle: Path) -> LocalPlan:
        return LocalPlan(
            workers=self.plan.workers,
            batch_size=self.plan.batch_size,
            gpus=count_gpus(),
            orders=WorkerOrders(
                bundle=bundle,
                settings=bundle.parent / MODEL_CONFIG,
                name=MODEL_NAME,
                version=self.archive.model_version,
            ),
        )

    def _started(self) -> subprocess.Popen[bytes]:
        if self._edge is None:
            raise ServerUnavailable("The server has not been started.")
        return self._edge

    def _stop(self) -> None:
        edge = self._edge
        if edge is None:
            return
        # First alone: it answers what is under way, and needs the others for that.
        edge.terminate()
        with suppress(subprocess.TimeoutExpired):
            edge.wait(STOP_TIMEOUT_S)
        _signal_group(edge.pid, signal.SIGKILL)
        for process in (edge, self._java):
            if process is not None:
                process.wait()
        _await_end_of_group(edge.pid)


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
