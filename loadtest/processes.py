"""What a server's processes spend: those of its group, and all that they have started."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import psutil
from pydantic import BaseModel

from loadtest.energy import EnergyReading, joules_between, read_energy

Value = TypeVar("Value")
_EDGE = "service.process"


@dataclass(frozen=True)
class Spending:
    """Counters at one moment; only differences mean something.

    `own_cpu_s` are of the process that was named: of Hangtag, the edge.
    """

    cpu_s: float
    own_cpu_s: float
    energy: EnergyReading | None


@dataclass(frozen=True)
class Spent:
    """What was spent between two moments; joules of the whole machine, None where not measured."""

    cpu_s: float
    own_cpu_s: float
    joules: float | None


class ProcessMemory(BaseModel, extra="forbid", frozen=True):
    """What a process holds after its loads; pss counts shared memory by its part."""

    process: str
    rss_bytes: int
    pss_bytes: int | None = None


def read_spending(pid: int) -> Spending:
    """Read the CPU seconds of a server's processes, and the machine's energy."""
    own = psutil.Process(pid).cpu_times()
    return Spending(sum(_each(_cpu_s, pid)), float(own.user + own.system), read_energy())


def spent_between(before: Spending, after: Spending) -> Spent:
    """Return what was spent from one moment to another."""
    return Spent(
        after.cpu_s - before.cpu_s,
        after.own_cpu_s - before.own_cpu_s,
        joules_between(before.energy, after.energy),
    )


def read_memory(pid: int) -> tuple[ProcessMemory, ...]:
    """Return what each process of a server holds."""
    return tuple(_each(_memory, pid))


def _each(read: Callable[[psutil.Process], Value], pid: int) -> list[Value]:
    root = psutil.Process(pid)
    # The edge has started its own workers, but neither Java nor what that has.
    others = {*root.children(recursive=True), *_group_of(pid)} - {root}
    values = [read(root)]
    for process in sorted(others, key=lambda each: each.pid):
        # TorchServe's helpers may end at any moment.
        with suppress(psutil.NoSuchProcess):
            values.append(read(process))
    return values


def _group_of(leader: int) -> list[psutil.Process]:
    """Return the processes of the group that a process leads; none if it leads no group."""
    members = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(pid) == leader:
                members.append(psutil.Process(pid))
    return members


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
    command = " ".join(process.cmdline())
    if process.name().startswith("java"):
        return "JVM"
    if _EDGE in command:
        return "edge"
    return "helper" if "metric_collector" in command else "worker"
