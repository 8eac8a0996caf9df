"""The server under trial: its processes, memory, queue and metrics, and the faults done to it."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from hangtag.errors import ServerUnavailable
from loadtest.client.wire import Address
from server.readiness import describe_model, ready_workers
from server.temporary import ServingAddress

LOOK_INTERVAL_S = 0.02
_WORKER_PROGRAM = "model_service_worker"
_REQUESTS = re.compile(r'^hangtag_requests_total\{.*?outcome="([^"]*)".*\} (\S+)$', re.MULTILINE)
_BATCHES = re.compile(r"^hangtag_inference_seconds_count\{.*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Health:
    """The server's processes at one moment."""

    java_alive: bool
    worker_pids: frozenset[int]
    worker_bytes: int
    java_bytes: int

    @property
    def memory_bytes(self) -> int:
        """Resident memory of all processes."""
        return self.worker_bytes + self.java_bytes


class ServerUnderTrial:
    """A running server, seen through its processes and its management and metrics ports."""

    def __init__(self, address: ServingAddress, archive: Path) -> None:
        self.serving = address
        self.archive = archive
        self.address = Address.of(address.inference_url)
        self.management = Address.of(address.management_url)
        self.metrics = Address.of(address.metrics_url)
        self.worker_count = address.workers
        self.java = psutil.Process(address.pid)

    @property
    def java_alive(self) -> bool:
        """Whether the Java process runs; a zombie does not."""
        try:
            return bool(self.java.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    @property
    def batch_size(self) -> int:
        """Requests that a worker answers at a time, at most."""
        return int(self._model()["batchSize"])

    @property
    def queue_length(self) -> int:
        """Requests that wait for a worker."""
        return int(self._model()["jobQueueStatus"]["pendingRequests"])

    def workers(self) -> list[psutil.Process]:
        """The worker processes, those that still load included; the oldest first."""
        try:
            children = self.java.children()
        except psutil.NoSuchProcess:
            return []
        return sorted(filter(_is_worker, children), key=lambda each: each.pid)

    def health(self) -> Health:
        """Return what runs now and what memory it holds."""
        workers = self.workers()
        return Health(
            java_alive=self.java_alive,
            worker_pids=frozenset(each.pid for each in workers),
            worker_bytes=sum(_resident_bytes(each) for each in workers),
            java_bytes=_resident_bytes(self.java),
        )

    def requests_by_outcome(self) -> dict[str, int]:
        """Return the requests that reached the handler since the start, by outcome."""
        return {name: int(float(count)) for name, count in _REQUESTS.findall(self._metrics_text())}

    def batches(self) -> int:
        """Return the batches that reached the network since the start."""
        return sum(int(float(count)) for count in _BATCHES.findall(self._metrics_text()))

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until every worker has loaded the model; return whether they have in time."""
        return eventually(self._is_ready, timeout_s)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no request waits for a worker; return whether that came in time."""
        return eventually(lambda: self.queue_length == 0, timeout_s)

    def _is_ready(self) -> bool:
        ready = ready_workers(self.management.port)
        return min(ready, len(self.workers())) >= self.worker_count

    def _model(self) -> dict[str, Any]:
        model = describe_model(self.management.port)
        if model is None:
            raise ServerUnavailable(f"The server does not answer at {self.management}.")
        return model

    def _metrics_text(self) -> str:
        url = f"{self.serving.metrics_url}/metrics"
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
                return str(answer.read().decode())
        except (URLError, OSError) as error:
            raise ServerUnavailable(f"The server does not answer at {url} ({error}).") from error


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


def _is_worker(process: psutil.Process) -> bool:
    try:
        return _WORKER_PROGRAM in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        # Ended, and not yet buried.
        return False


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
