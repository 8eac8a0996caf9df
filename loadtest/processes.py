"""What a server's processes spend: a process and everything that it has started."""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import psutil
from pydantic import BaseModel

from loadtest.energy import EnergyReading, joules_between, read_energy

Value = TypeVar("Value")


@dataclass(frozen=True)
class Spending:
    """Counters at one moment; only differences mean something."""

    cpu_s: float
    energy: EnergyReading | None


class ProcessMemory(BaseModel, extra="forbid", frozen=True):
    """What a process holds after its loads; pss counts shared memory by its part."""

    process: str
    rss_bytes: int
    pss_bytes: int | None = None


def read_spending(pid: int) -> Spending:
    """Read the CPU seconds of a process and its descendants, and the machine's energy."""
    return Spending(sum(_each(_cpu_s, pid)), read_energy())


def spent_between(before: Spending, after: Spending) -> tuple[float, float | None]:
    """Return CPU seconds, and joules of the whole machine or None."""
    return after.cpu_s - before.cpu_s, joules_between(before.energy, after.energy)


def read_memory(pid: int) -> tuple[ProcessMemory, ...]:
    """Return what each process of the tree holds."""
    return tuple(_each(_memory, pid))


def _each(read: Callable[[psutil.Process], Value], pid: int) -> list[Value]:
    root = psutil.Process(pid)
    values = [read(root)]
    for process in root.children(recursive=True):
        # TorchServe's helpers may end at any moment.
        with suppress(psutil.NoSuchProcess):
            values.append(read(process))
    return values


def _cpu_s(process: psutil.Process) -> float:
    # With what its ended children have used.
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _memory(process: psutil.Process) -> ProcessMemory:
    pss_bytes = process.memory_full_info().pss if sys.platform == "linux" else None
    return ProcessMemory(
        process=_kind(process), rss_bytes=process.memory_info().rss, pss_bytes=pss_bytes
    )


def _kind(process: psutil.Process) -> str:
    if process.name().startswith("java"):
        return "JVM"
    return "helper" if any("metric_collector" in each for each in process.cmdline()) else "worker"
