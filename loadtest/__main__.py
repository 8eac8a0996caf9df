"""`python -m loadtest`: Locust, headless, and a verdict on what it measured."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer
from rich.console import Console
from rich.table import Table

from hangtag.console import one_sentence_errors
from hangtag.errors import DataInvalid, LoadTestFailed, ServerUnavailable

_LOCUSTFILE = Path(__file__).parent / "locustfile.py"
_RESULTS = Path("loadtest/results")


@dataclass(frozen=True)
class Limit:
    """One measure of a run, with what it must keep to."""

    name: str
    measured: float
    wanted: float
    at_least: bool = False

    @property
    def held(self) -> bool:
        """Whether the run kept to it."""
        if self.at_least:
            return self.measured >= self.wanted
        return self.measured <= self.wanted


@one_sentence_errors
def main(
    host: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8080",
    users: Annotated[int, typer.Option(min=1, help="Clients at the same time.")] = 8,
    duration: Annotated[int, typer.Option(min=1, help="Seconds.")] = 30,
    photos: Annotated[Path, typer.Option(help="Folder of JPEG or PNG photos.")] = Path(
        "data/demo/images"
    ),
    max_p95_ms: Annotated[float, typer.Option(help="Limit: 95% are answered within, ms.")] = 1000,
    max_failure_percent: Annotated[float, typer.Option(help="Limit: failed requests, %.")] = 0,
    min_rps: Annotated[float, typer.Option(help="Limit: answers a second, at least.")] = 1,
) -> None:
    """Load a running server and fail if the result does not keep to the limits."""
    _require_photos(photos)
    _require_server(host)
    _RESULTS.mkdir(parents=True, exist_ok=True)
    _run_locust(host, users, duration, photos)
    limits = read_limits(
        _RESULTS / "run_stats.csv",
        max_p95_ms=max_p95_ms,
        max_failure_percent=max_failure_percent,
        min_rps=min_rps,
    )
    Console().print(_table(limits, users, duration))
    print(f"Report: {_RESULTS / 'report.html'}, figures: {_RESULTS / 'run_stats.csv'}.")
    missed = [limit.name for limit in limits if not limit.held]
    if missed:
        raise LoadTestFailed(f"The run missed its limits: {', '.join(missed)}.")


def read_limits(
    stats: Path, *, max_p95_ms: float, max_failure_percent: float, min_rps: float
) -> list[Limit]:
    """Return the measures of Locust's csv (its line of all requests) beside their limits."""
    with stats.open(newline="") as file:
        total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    requests = int(total["Request Count"])
    failures = int(total["Failure Count"])
    failure_percent = 100 * failures / requests if requests else 100.0
    p95_ms = float(total["95%"]) if requests else float("inf")
    return [
        Limit("p95, ms", p95_ms, max_p95_ms),
        Limit("failed requests, %", failure_percent, max_failure_percent),
        Limit("requests a second", float(total["Requests/s"]), min_rps, at_least=True),
    ]


def _run_locust(host: str, users: int, duration: int, photos: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "locust", "--locustfile", str(_LOCUSTFILE), "--headless"),
            *("--host", host, "--users", str(users), "--spawn-rate", str(users)),
            *("--run-time", f"{duration}s", "--stop-timeout", "10", "--only-summary"),
            *("--html", str(_RESULTS / "report.html"), "--csv", str(_RESULTS / "run")),
            # The verdict is this command's, not Locust's.
            *("--exit-code-on-error", "0"),
        ],
        env={**os.environ, "HANGTAG_LOADTEST_PHOTOS": str(photos)},
        check=True,
    )


def _require_photos(photos: Path) -> None:
    if not any(path.suffix.lower() in {".jpg", ".jpeg", ".png"} for path in photos.glob("*")):
        raise DataInvalid(
            f"There are no JPEG or PNG photos in {photos}; name a folder with PHOTOS=…, or render "
            "the demo's with `make demo`."
        )


def _require_server(host: str) -> None:
    try:
        with urlopen(f"{host}/ping", timeout=5):  # noqa: S310 - the operator names the host
            pass
    except (URLError, OSError, ValueError) as error:
        raise ServerUnavailable(
            f"No server answers at {host} ({error}); start one with `make serve`, or name another "
            "with HOST=…."
        ) from error


def _table(limits: list[Limit], users: int, duration: int) -> Table:
    table = Table(title=f"{users} clients, {duration} s")
    for column in ("measure", "measured", "limit", ""):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for limit in limits:
        sign = "≥" if limit.at_least else "≤"
        verdict = "held" if limit.held else "[bold red]missed"
        table.add_row(limit.name, f"{limit.measured:.1f}", f"{sign} {limit.wanted:g}", verdict)
    return table


if __name__ == "__main__":
    typer.run(main)
