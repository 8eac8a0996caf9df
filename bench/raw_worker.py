"""What runs in each process of the raw engine: loading once, then loops of decoding and running."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from bench.raw_engine import RawEngine


@dataclass(frozen=True)
class Loaded:
    """A process that is ready."""

    pid: int
    description: dict[str, str]


@dataclass(frozen=True)
class Worked:
    """What one process did: how long each batch took, and how long all of them."""

    latencies_s: list[float]
    cpu_s: float
    seconds: float


@dataclass
class _Process:
    engine: RawEngine | None = None

    def loaded(self) -> RawEngine:
        if self.engine is None:
            raise RuntimeError("load() comes first")
        return self.engine


_process = _Process()


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def load(bundle_folder: Path, threads: int) -> Loaded:
    """Load the engine of this process."""
    _process.engine = RawEngine(bundle_folder, threads)
    return Loaded(os.getpid(), _process.engine.description)


def work(files: Sequence[Path], batch: int, begin_s: float, end_s: float) -> Worked:
    """Run batches, from now on; measure those between two moments of `time.monotonic`."""
    engine, batches = _process.loaded(), _batches(files, batch)
    while time.monotonic() < begin_s:
        engine.run(next(batches))
    began_s, cpu_began_s = time.monotonic(), time.process_time()
    latencies_s: list[float] = []
    while not latencies_s or time.monotonic() < end_s:
        batch_began_s = time.perf_counter()
        engine.run(next(batches))
        latencies_s.append(time.perf_counter() - batch_began_s)
    return Worked(latencies_s, time.process_time() - cpu_began_s, time.monotonic() - began_s)


def _batches(files: Sequence[Path], batch: int) -> Iterator[list[bytes]]:
    photos = cycle([file.read_bytes() for file in files])
    while True:
        yield list(islice(photos, batch))
