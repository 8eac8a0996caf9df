"""What a search for the capacity found, as json and as Markdown."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal

from pydantic import BaseModel

from loadtest.machine import Machine
from loadtest.planning import (
    GPU_COUNTS,
    TARGETS_PER_S,
    UTILISATION,
    Need,
    Server,
    each_gpu_carries,
    plan_servers,
)
from loadtest.rate_search import Attempt, Objectives

# How far the largest rate may lie from what as many clients as this get out of a server.
CLIENTS = 32
# As the benchmark names those of this size.
_PHOTOS = "224 px"
MAX_DIFFERENCE = 0.1
_NOTABLE_LAG_MS = 100.0


class Comparison(BaseModel, extra="forbid", frozen=True):
    """The largest rate beside another measurement of the same server."""

    name: str
    photos_per_s: float
    ratio: float

    @property
    def passed(self) -> bool:
        """Whether they agree."""
        return abs(self.ratio - 1) <= MAX_DIFFERENCE


class CapacityReport(BaseModel, extra="forbid", frozen=True):
    """One run of `make capacity`; `settings` is what the server says of itself."""

    format_version: Literal[1] = 1
    created: str
    commit: str | None
    # Of the generator; of the server too, unless that was a remote one.
    machine: Machine
    server: Server
    settings: dict[str, Any]
    objectives: Objectives
    largest: Attempt
    attempts: tuple[Attempt, ...]
    cpu_ms_per_photo: float | None
    comparisons: tuple[Comparison, ...]
    # Why there is no comparison with the benchmark's report, "" where there is one.
    not_compared: str

    @property
    def unit(self) -> str:
        """What the rate is a matter of, such as `2 cores`."""
        if self.server.gpus:
            return _counted(self.server.gpus, "GPU")
        if self.server.cores is None:
            return "1 server"
        return _counted(self.server.cores, "core")

    @property
    def disagreements(self) -> list[str]:
        """What is more than 10% away, or could not be compared."""
        apart = [each.name for each in self.comparisons if not each.passed]
        return [*apart, f"the benchmark: {self.not_compared}"] if self.not_compared else apart


def compare(name: str, largest: Attempt, photos_per_s: float) -> Comparison:
    """Put the largest rate beside another one."""
    return Comparison(name=name, photos_per_s=photos_per_s, ratio=largest.rate_per_s / photos_per_s)


def benchmark_rate(
    path: Path, machine: Machine, settings: dict[str, Any]
) -> tuple[float | None, str]:
    """Return what the benchmark measured of the same server with 32 clients.

    Or None, and why it says nothing here.
    """
    if not path.exists():
        return None, f"there is no {path}; `hangtag bench serving` makes it"
    try:
        return _rate_in(json.loads(path.read_text(encoding="utf-8")), path, machine, settings)
    except (OSError, ValueError, LookupError, TypeError) as error:
        return None, f"{path} is no report that can be read ({error!r})"


def _rate_in(
    report: Any, path: Path, machine: Machine, settings: dict[str, Any]
) -> tuple[float | None, str]:
    if (report["machine"]["cpu"], report["machine"]["cores"]) != (machine.cpu, machine.cores):
        return None, f"{path} was measured on another machine"
    systems = {system["name"]: system["settings"] for system in report["systems"]}
    if _identity(systems.get("hangtag", {})) != _identity(settings):
        return None, f"{path} was measured with another archive, or in another precision"
    rates = [
        row["figures"]["photos_per_s"]
        for row in report["rows"]
        if (row["system"], row["photos"], row["clients"]) == ("hangtag", _PHOTOS, CLIENTS)
    ]
    return (median(rates), "") if rates else (None, f"{path} has no run of {CLIENTS} clients")


def markdown(report: CapacityReport) -> str:
    """Return the report for people."""
    largest, unit = report.largest, report.unit
    return "\n\n".join(
        [
            "# Capacity",
            f"{unit} carry **{largest.rate_per_s:.1f} photos/s** "
            f"(p50 {largest.p50_ms:.0f} ms, p95 {largest.p95_ms:.0f} ms, p99 "
            f"{largest.p99_ms:.0f} ms, {largest.failure_percent:.2g}% failed over "
            f"{largest.seconds:.0f} s) within {_objectives(report.objectives)}.",
            "\n".join(f"- {line}" for line in facts(report)),
            "## Rates tried",
            _table(ATTEMPT_COLUMNS, attempt_rows(report.attempts)),
            "## Toward 10,000 photos/s",
            f"Servers like this one ({unit}), {UTILISATION:.0%} full, with one in ten to spare:",
            _table(NEED_COLUMNS, need_rows(plan_servers(report.server))),
            _gpu_plan(report),
        ]
    )


ATTEMPT_COLUMNS = ("photos/s", "answered/s", "p50 ms", "p95 ms", "p99 ms", "failed %", "verdict")
NEED_COLUMNS = ("photos/s", "million a day", "servers", "cores", "GPUs", "memory GB", "MB/s in")
_MISSING = "–"


def attempt_rows(attempts: Sequence[Attempt]) -> list[list[str]]:
    """Return a line for each rate, in the order in which they were tried."""
    return [
        [
            f"{each.rate_per_s:.1f}",
            f"{each.answered_per_s:.1f}",
            *(f"{value:.0f}" for value in (each.p50_ms, each.p95_ms, each.p99_ms)),
            f"{each.failure_percent:.2g}",
            "held" if each.passed else "missed",
        ]
        for each in attempts
    ]


def need_rows(needs: Sequence[Need]) -> list[list[str]]:
    """Return a line for each rate of the planning table."""
    return [
        [
            f"{need.photos_per_s:,}",
            f"{need.million_a_day:,.1f}",
            f"{need.servers:,}",
            _MISSING if need.cores is None else f"{need.cores:,}",
            f"{need.gpus:,}" if need.gpus else _MISSING,
            _MISSING if need.memory_gb is None else f"{need.memory_gb:,.1f}",
            f"{need.network_mb_per_s:,.1f}",
        ]
        for need in needs
    ]


def facts(report: CapacityReport) -> list[str]:
    """Return what the figures were measured with, and what they agree with."""
    machine = report.machine
    lines = [
        f"{comparison.ratio:.2f} of {comparison.photos_per_s:.1f} photos/s, {comparison.name}: "
        f"{'held' if comparison.passed else 'missed'} (within {MAX_DIFFERENCE:.0%})"
        for comparison in report.comparisons
    ]
    lag_ms = max(each.lag_p99_ms for each in report.attempts)
    if lag_ms > _NOTABLE_LAG_MS:
        lines.append(
            f"the generator itself was up to {lag_ms:.0f} ms late (p99): it may be the limit; run "
            "it on another machine, with HOST=…"
        )
    if report.not_compared:
        lines.append(f"not compared with the benchmark: {report.not_compared}")
    if report.server.cores and not report.server.gpus:
        per_core = report.largest.rate_per_s / report.server.cores
        lines.append(f"{per_core:.1f} photos/s a core")
    if report.cpu_ms_per_photo is not None:
        lines.append(f"{report.cpu_ms_per_photo:.1f} ms of the server's CPU a photo")
    names = ("backbone", "runtime", "precision", "workers", "batch_size")
    settings = [f"{name} {report.settings[name]}" for name in names if name in report.settings]
    if settings:
        lines.append(", ".join(settings).replace("_", " "))
    lines.append(
        f"photos of {report.server.mean_photo_bytes / 1000:.1f} kB, evenly spaced, sent from "
        f"{machine.cpu}, {machine.cores} cores, {machine.system}; {report.created[:10]}"
    )
    return lines


def _gpu_plan(report: CapacityReport) -> str:
    target = TARGETS_PER_S[-1]
    rows = [[str(gpus), f"{each_gpu_carries(target, gpus):,.0f}"] for gpus in GPU_COUNTS]
    measured = (
        f"One GPU was measured to carry {report.largest.rate_per_s / report.server.gpus:.0f}."
        if report.server.gpus
        else "No GPU was measured: run `make capacity` on a machine that has one."
    )
    return "\n\n".join(
        [
            f"What one GPU must be measured to carry, so that so many carry {target:,} photos/s at "
            f"{UTILISATION:.0%}. {measured}",
            _table(("GPUs", "photos/s each"), rows),
        ]
    )


def _objectives(objectives: Objectives) -> str:
    return (
        f"p50 ≤ {objectives.p50_ms:g} ms, p95 ≤ {objectives.p95_ms:g} ms, "
        f"p99 ≤ {objectives.p99_ms:g} ms, failed ≤ {objectives.failure_percent:g}%"
    )


def _identity(settings: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(settings.get(name) for name in ("bundle", "runtime", "precision"))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---:"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
