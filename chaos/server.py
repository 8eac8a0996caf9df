"""The server under trial: its processes, memory, queue and metrics, and the faults done to it."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from hangtag.errors import ServerUnavailable
from loadtest.client.wire import Address
from server.plan import ServingPlan, machine_plan
from server.readiness import metric_of, read_metrics, workers_of
from server.temporary import ServingAddress

LOOK_INTERVAL_S = 0.02
_OUTCOMES = re.compile(r'^(\w+_total)\{.*?outcome="([^"]*)".*\} (\S+)$', re.MULTILINE)
# Of the requests that TorchServe holds, half wait in its own queue.
_TORCHSERVE_AHEAD = 2


@dataclass(frozen=True)
class Health:
    """The server's processes at one moment: the workers, and the edge with Java."""

    edge_alive: bool
    worker_pids: frozenset[int]
    worker_bytes: int
    other_bytes: int

    @property
    def memory_bytes(self) -> int:
        """Resident memory of all processes."""
        return self.worker_bytes + self.other_bytes


class ServerUnderTrial:
    """A running server, seen through its processes and its metrics.

    Parameters
    ----------
    plan : what it was started with; this machine's if not given
    """

    def __init__(
        self, address: ServingAddress, archive: Path, plan: ServingPlan | None = None
    ) -> None:
        self.serving = address
        self.archive = archive
        self.backend = address.backend
        self.address = Address.of(address.inference_url)
        self.metrics = Address.of(address.metrics_url)
        self.worker_count = address.workers
        self._plan = plan

    @property
    def management(self) -> Address | None:
        """TorchServe's own port; None where there is no TorchServe."""
        if self.backend != "torchserve":
            return None
        return Address.of(self.serving.management_url)

    @cached_property
    def batch_size(self) -> int:
        """Requests that a worker answers at a time, at most."""
        plan = self._plan or machine_plan(java=self.backend == "torchserve")
        return plan.batch_size

    @property
    def most_in_flight(self) -> int:
        """Requests that the edge hands over before one is answered, at most."""
        ahead = _TORCHSERVE_AHEAD if self.backend == "torchserve" else 1
        return self.worker_count * self.batch_size * ahead

    @property
    def edge_alive(self) -> bool:
        """Whether the edge's process runs; a zombie does not."""
        try:
            return bool(psutil.Process(self.serving.pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def processes(self) -> list[psutil.Process]:
        """All processes of the server, the edge, Java and workers; the oldest first."""
        return _existing(sorted(filter(self._is_ours, psutil.pids())))

    def workers(self) -> list[psutil.Process]:
        """The worker processes, those that still load included; the oldest first."""
        return _existing(self.serving.worker_pids())

    def health(self) -> Health:
        """Return what runs now and what memory it holds."""
        workers = {each.pid: _resident_bytes(each) for each in self.workers()}
        others = [each for each in self.processes() if each.pid not in workers]
        return Health(
            edge_alive=self.edge_alive,
            worker_pids=frozenset(workers),
            worker_bytes=sum(workers.values()),
            other_bytes=sum(map(_resident_bytes, others)),
        )

    def requests_by_outcome(self) -> dict[str, int]:
        """Return what workers have said of requests since the start, by outcome."""
        return self._outcomes("hangtag_requests_total")

    def answers_by_outcome(self) -> dict[str, int]:
        """Return the answers that callers were given since the start, by outcome."""
        return self._outcomes("hangtag_answers_total")

    def batches(self) -> int:
        """Return the batches that reached the network since the start."""
        return int(self.metric("hangtag_inference_seconds_count"))

    def waiting(self) -> int:
        """Return how many requests wait for a worker."""
        return int(self.metric("hangtag_waiting"))

    def metric(self, name: str) -> float:
        """Return a metric, all its series added up.

        Raises
        ------
        ServerUnavailable : if the server does not answer.
        """
        return metric_of(self._metrics_text(), name)

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until every worker has loaded the model; return whether they have in time."""
        return eventually(self._is_ready, timeout_s)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no request waits for a worker; return whether that came in time."""
        return eventually(lambda: self.waiting() == 0, timeout_s)

    def _is_ready(self) -> bool:
        ready, _ = workers_of(self.metrics.port)
        return min(ready, len(self.workers())) >= self.worker_count

    def _is_ours(self, pid: int) -> bool:
        try:
            return os.getpgid(pid) == self.serving.pid
        except ProcessLookupError:
            return False

    def _outcomes(self, name: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for metric, outcome, count in _OUTCOMES.findall(self._metrics_text()):
            if metric == name:
                counts[outcome] = counts.get(outcome, 0) + int(float(count))
        return counts

    def _metrics_text(self) -> str:
        text = read_metrics(self.metrics.port)
        if not text:
            raise ServerUnavailable(f"The server does not answer at {self.serving.metrics_url}.")
        return text


@contextmanager
def paused(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Stop processes where they are, and let them go on at the end, come what may."""
    try:
        for process in processes:
            os.kill(process.pid, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            if process.is_running():
                os.kill(process.pid, signal.SIGCONT)


def kill(process: psutil.Process) -> None:
    """End a process as the kernel does when memory runs out."""
    os.kill(process.pid, signal.SIGKILL)


def eventually(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Wait for a condition; return whether it came true in time."""
    give_up_at = time.monotonic() + timeout_s
    while not (true := condition()) and time.monotonic() < give_up_at:
        time.sleep(LOOK_INTERVAL_S)
    return true


def _existing(pids: Sequence[int]) -> list[psutil.Process]:
    processes = []
    for pid in pids:
        try:
            processes.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            # Ended while it was looked at.
            continue
    return processes


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
