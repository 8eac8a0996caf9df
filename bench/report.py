"""What a run of the benchmark found; serving.json holds it whole."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from loadtest.check import Check
from loadtest.machine import Machine
from loadtest.processes import ProcessMemory

SystemName = Literal["stock", "stock_tuned", "hangtag", "hangtag_local", "raw"]
TITLES: dict[SystemName, str] = {
    "stock": "stock",
    "stock_tuned": "stock, tuned",
    "hangtag": "Hangtag",
    "hangtag_local": "Hangtag, local",
    "raw": "raw engine",
}


class Figures(BaseModel, extra="forbid", frozen=True):
    """What one load showed.

    Latencies are of requests; of the raw engine, of batches. CPU seconds are of the server's
    processes, `own` ones of its first, which is Hangtag's edge; joules are of the machine.
    """

    seconds: float
    photos: int
    photos_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_s_per_photo: float
    own_cpu_s_per_photo: float | None = None
    client_cpu_s_per_photo: float | None = None
    joules_per_photo: float | None = None


class Row(BaseModel, extra="forbid", frozen=True):
    """One load on one system.

    `clients` None: the raw engine on all cores; with 1, one photo after the other through it.
    """

    system: SystemName
    photos: str
    clients: int | None
    round: int
    figures: Figures


class System(BaseModel, extra="forbid", frozen=True):
    """How a system was set up, and what starting and holding it took."""

    name: SystemName
    settings: dict[str, Any]
    startup_s: tuple[float, ...] = ()
    memory: tuple[ProcessMemory, ...] = ()


class Photos(BaseModel, extra="forbid", frozen=True):
    """The photos that each system got."""

    source: str
    counts: dict[str, int]
    mean_bytes: dict[str, int]


class Measure(BaseModel, extra="forbid", frozen=True):
    """A ratio with its value in each round, of which the median counts.

    `wanted` None: nothing was promised; it is there to be known.
    """

    name: str
    wanted: float | None
    at_least: bool
    rounds: tuple[float, ...]

    @property
    def measured(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    @property
    def passed(self) -> bool:
        """Whether the median keeps to what was wanted."""
        if self.wanted is None:
            return True
        return Check(self.name, self.measured, self.wanted, at_least=self.at_least).passed


class Report(BaseModel, extra="forbid", frozen=True):
    """One run of `make bench-serving`."""

    format_version: Literal[1] = 1
    created: str
    commit: str | None
    model: str
    # What the bundle says of its origin; random weights say nothing of a format's accuracy.
    weights: str
    minutes: float
    machine: Machine
    photos: Photos
    systems: tuple[System, ...]
    rows: tuple[Row, ...]
    measures: tuple[Measure, ...]

    def system(self, name: SystemName) -> System | None:
        """How a system was set up; None if it was not measured."""
        return next((system for system in self.systems if system.name == name), None)

    def median_of(
        self,
        figure: Callable[[Figures], float | None],
        system: SystemName,
        photos: str,
        clients: int | None,
    ) -> float | None:
        """Return the median over the rounds of a figure; None if it was not measured."""
        values = [figure(row.figures) for row in select(self.rows, system, photos, clients)]
        measured = [value for value in values if value is not None]
        return median(measured) if measured else None

    def client_counts(self, photos: str) -> list[int]:
        """The numbers of clients that a server was loaded with."""
        rows = (row for row in self.rows if row.system != "raw" and row.photos == photos)
        return sorted({row.clients for row in rows if row.clients is not None})


def select(rows: Iterable[Row], system: SystemName, photos: str, clients: int | None) -> list[Row]:
    """Return one load's rows in the order of their rounds."""
    chosen = [
        row for row in rows if (row.system, row.photos, row.clients) == (system, photos, clients)
    ]
    return sorted(chosen, key=lambda row: row.round)


def percentiles_ms(latencies_s: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile, in ms.

    >>> percentiles_ms([0.010, 0.020, 0.030])
    (20.0, 29.8)
    """
    p50_s, p99_s = np.percentile(latencies_s, [50, 99])
    return round(1e3 * float(p50_s), 3), round(1e3 * float(p99_s), 3)


def write_report(report: Report, path: Path) -> None:
    """Write a report as json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_report(path: Path) -> Report:
    """Read a report as `write_report` writes it."""
    return Report.model_validate_json(path.read_text(encoding="utf-8"))
