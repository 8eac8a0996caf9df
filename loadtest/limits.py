"""What a run measured, beside the limits that it must keep to."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtest.check import Check

ALL = "Aggregated"
_PERCENTS = (50, 95, 99)


@dataclass(frozen=True)
class Measured:
    """What one kind of request, or all of them, showed; waiting times by percent, in ms."""

    name: str
    requests: int
    failures: int
    rate_per_s: float
    waiting_ms: Mapping[int, float]

    @property
    def failure_percent(self) -> float:
        """Failed requests, %; all of them where there was none."""
        return 100 * self.failures / self.requests if self.requests else 100.0


def read_measured(stats: Path, duration_s: float) -> list[Measured]:
    """Return the lines of Locust's csv; that of all requests is the last.

    Parameters
    ----------
    duration_s : of the run. Locust's own rate ends with the last answer, and so does not fall when
        a server goes silent.
    """
    with stats.open(newline="", encoding="utf-8") as file:
        return [_measured(row, duration_s) for row in csv.DictReader(file)]


def read_exceptions(exceptions: Path) -> list[str]:
    """Return what broke in the clients themselves: neither an answer nor a failed request."""
    with exceptions.open(newline="", encoding="utf-8") as file:
        return [row["Message"] for row in csv.DictReader(file)]


def limits_of(
    measured: Measured,
    *,
    max_p50_ms: float,
    max_p95_ms: float,
    max_p99_ms: float,
    max_failure_percent: float,
    min_rps: float,
) -> list[Check]:
    """Return the measures of a run beside their limits."""
    wanted_ms = dict(zip(_PERCENTS, (max_p50_ms, max_p95_ms, max_p99_ms), strict=True))
    return [
        *(
            Check(f"p{percent}, ms", measured.waiting_ms[percent], wanted)
            for percent, wanted in wanted_ms.items()
        ),
        Check("failed requests, %", measured.failure_percent, max_failure_percent),
        Check("requests a second", measured.rate_per_s, min_rps, at_least=True),
    ]


def _measured(row: Mapping[str, str], duration_s: float) -> Measured:
    requests = int(row["Request Count"])
    return Measured(
        name=row["Name"],
        requests=requests,
        failures=int(row["Failure Count"]),
        rate_per_s=requests / duration_s,
        waiting_ms={
            percent: float(row[f"{percent}%"]) if requests else float("inf")
            for percent in _PERCENTS
        },
    )
