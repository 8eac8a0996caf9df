"""The machine's limit: the engine without a server, in as many processes as suit it best."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench import raw_worker
from bench.photos import PhotoSet
from bench.report import Figures, percentiles_ms
from loadtest.energy import joules_between, read_energy
from loadtest.processes import ProcessMemory, read_memory

_WARM_UP_S = 2.0
BATCHES = (1, 4, 8)


@dataclass(frozen=True)
class RawSettings:
    """How the cores are divided: processes x threads, each with batches of its own."""

    processes: int
    threads: int
    batch: int


class RawEngines:
    """Processes with one loaded engine each, as a context manager.

    Parameters
    ----------
    bundle_folder : what to load
    processes, threads : how the cores are divided
    """

    def __init__(self, bundle_folder: Path, processes: int, threads: int) -> None:
        self._bundle_folder = bundle_folder
        self._processes = processes
        self._threads = threads
        self._pools: list[ProcessPoolExecutor] = []
        self._resources = ExitStack()
        self.loaded: list[raw_worker.Loaded] = []

    def __enter__(self) -> RawEngines:
        context = multiprocessing.get_context("spawn")
        with ExitStack() as resources:
            # A pool for each: what is submitted to one of them runs in that very process.
            self._pools = [
                resources.enter_context(
                    ProcessPoolExecutor(
                        1, mp_context=context, initializer=raw_worker.ignore_interrupts
                    )
                )
                for _ in range(self._processes)
            ]
            loading = [
                pool.submit(raw_worker.load, self._bundle_folder, self._threads)
                for pool in self._pools
            ]
            self.loaded = [future.result() for future in loading]
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._resources.close()

    def measure(self, photos: PhotoSet, batch: int, seconds: float) -> Figures:
        """Let all processes work for `seconds`, after a warm-up."""
        begin_s = time.monotonic() + _WARM_UP_S
        end_s = begin_s + seconds
        working = [
            pool.submit(raw_worker.work, _shifted(photos.files, number), batch, begin_s, end_s)
            for number, pool in enumerate(self._pools)
        ]
        time.sleep(max(0.0, begin_s - time.monotonic()))
        before = read_energy()
        time.sleep(max(0.0, end_s - time.monotonic()))
        joules = joules_between(before, read_energy())
        return _figures([future.result() for future in working], batch, joules)

    def memory(self) -> tuple[ProcessMemory, ...]:
        """What each process holds."""
        return tuple(memory for each in self.loaded for memory in read_memory(each.pid)[:1])

    def describe(self, batch: int) -> dict[str, Any]:
        """What the report says of them."""
        settings = RawSettings(self._processes, self._threads, batch)
        return {**asdict(settings), **self.loaded[0].description}


def _figures(worked: Sequence[raw_worker.Worked], batch: int, joules: float | None) -> Figures:
    photos = sum(batch * len(each.latencies_s) for each in worked)
    p50_ms, p99_ms = percentiles_ms([s for each in worked for s in each.latencies_s])
    return Figures(
        seconds=max(each.seconds for each in worked),
        photos=photos,
        # Each process ends with a batch of its own, a little after the others.
        photos_per_s=sum(batch * len(each.latencies_s) / each.seconds for each in worked),
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        cpu_s_per_photo=sum(each.cpu_s for each in worked) / photos,
        joules_per_photo=None if joules is None else joules / photos,
    )


def divisions(cores: int) -> list[tuple[int, int]]:
    """Return the ways to divide the cores that are tried, as (processes, threads of each).

    >>> divisions(2)
    [(1, 2), (2, 1)]
    >>> divisions(16)
    [(1, 16), (4, 4), (8, 2), (16, 1)]
    """
    processes = {1, max(1, cores // 4), max(1, cores // 2), cores}
    return [(each, cores // each) for each in sorted(processes)]


def search(
    bundle_folder: Path,
    photos: PhotoSet,
    cores: int,
    seconds: float,
    on_step: Callable[[str], None],
) -> dict[RawSettings, float]:
    """Return the photos/s of each way to divide the cores, each measured for `seconds`."""
    speeds = {}
    for processes, threads in divisions(cores):
        with RawEngines(bundle_folder, processes, threads) as engines:
            for batch in BATCHES:
                on_step(f"raw engine: {processes} x {threads} threads, batch {batch}")
                figures = engines.measure(photos, batch, seconds)
                speeds[RawSettings(processes, threads, batch)] = figures.photos_per_s
    return speeds


def _shifted(files: Iterable[Path], number: int) -> tuple[Path, ...]:
    files = tuple(files)
    by = 7 * number % len(files)
    return files[by:] + files[:by]
