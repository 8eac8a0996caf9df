"""The memory of a server's processes, looked at all the time while something is done to it."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from chaos.server import ServerUnderTrial

_LOOK_INTERVAL_S = 0.01
# Which processes there are changes less often than what they hold, and takes longer to see.
_LIST_INTERVAL_S = 0.25
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class MemoryPeaks:
    """The most that was seen.

    `worker_bytes` are of one worker, with the processes that it has started, and `all_bytes` of all
    processes together.
    """

    worker_bytes: int = 0
    all_bytes: int = 0
    looks: int = 0


@dataclass
class _Listed:
    """Pids of all processes, and of each worker with its descendants."""

    at_s: float = -1.0
    all: Sequence[int] = ()
    trees: list[list[int]] = field(default_factory=list)


class MemoryWatch:
    """Looks a hundred times a second, in a thread: `with MemoryWatch(server) as watch: ...`."""

    def __init__(self, server: ServerUnderTrial) -> None:
        self.peaks = MemoryPeaks()
        self._server = server
        self._stop = threading.Event()
        self._listed = _Listed()
        self._thread = threading.Thread(target=self._work, name="memory")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(_LOOK_INTERVAL_S):
            self._look()

    def _look(self) -> None:
        if time.monotonic() - self._listed.at_s > _LIST_INTERVAL_S:
            self._listed = _list_processes(self._server)
        held = {pid: _resident_bytes(pid) for pid in self._listed.all}
        workers = [sum(held.get(pid, 0) for pid in tree) for tree in self._listed.trees]
        peaks = self.peaks
        peaks.worker_bytes = max(peaks.worker_bytes, *workers, 0)
        peaks.all_bytes = max(peaks.all_bytes, sum(held.values()))
        peaks.looks += 1


def _list_processes(server: ServerUnderTrial) -> _Listed:
    return _Listed(
        at_s=time.monotonic(),
        all=[process.pid for process in server.processes()],
        trees=[[worker.pid, *_descendants(worker)] for worker in server.workers()],
    )


def _descendants(worker: psutil.Process) -> list[int]:
    try:
        return [child.pid for child in worker.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident_bytes(pid: int) -> int:
    # https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html; psutil takes ten times as long.
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0
