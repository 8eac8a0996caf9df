"""`hangtag loadtest`: Locust, headless, and a verdict on what it measured."""

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hangtag.cli.console import one_sentence_errors
from hangtag.errors import DataInvalid
from loadtest.check import Check
from loadtest.errors import LoadTestFailed
from loadtest.limits import ALL, Measured, limits_of, read_exceptions, read_measured
from loadtest.plan import DURATIONS_S, LoadPlan, Mix, Scenario
from loadtest.suppliers import read_suppliers, suppliers_without_keys
from loadtest.tagging_requests import CONTENT_TYPES
from loadtest.target_server import require_server, server_address

_LOCUSTFILE = Path(__file__).parent / "locustfile.py"
_RESULTS = Path("loadtest/results")


@one_sentence_errors
def main(
    host: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8080",
    scenario: Annotated[
        Scenario,
        typer.Option(
            help="steady; ramp: more and more clients; spike: four times as many for a while; "
            "soak: steady for half an hour."
        ),
    ] = "steady",
    mix: Annotated[
        Mix,
        typer.Option(
            help="photos: one each; products: several as multipart or JSON; large: 12 megapixels; "
            "broken: what must be refused; suppliers: all of these."
        ),
    ] = "photos",
    users: Annotated[int, typer.Option(min=1, help="Clients at the same time, at most.")] = 8,
    duration: Annotated[
        int | None,
        typer.Option(min=1, help="Seconds.  [default: 30, 60 of ramp and spike, 1800 of soak]"),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds of silence after which a client gives up.")
    ] = 20,
    photos: Annotated[Path, typer.Option(help="Folder of JPEG or PNG photos.")] = Path(
        # Those that the demo's bundle is replayed on.
        "model_store/demo/golden"
    ),
    keys: Annotated[
        Path | None, typer.Option(help="The proxy's suppliers.map, where it asks for keys.")
    ] = None,
    max_p50_ms: Annotated[
        float | None,
        typer.Option(help="Limit: half are answered within, ms.  [default: half of p95's]"),
    ] = None,
    max_p95_ms: Annotated[float, typer.Option(help="Limit: 95% are answered within, ms.")] = 1000,
    max_p99_ms: Annotated[
        float | None,
        typer.Option(help="Limit: 99% are answered within, ms.  [default: twice p95's]"),
    ] = None,
    max_failure_percent: Annotated[float, typer.Option(help="Limit: failed requests, %.")] = 0,
    min_rps: Annotated[float, typer.Option(help="Limit: answers a second, at least.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder of the report.")] = _RESULTS,
) -> None:
    """Load a running server and fail if the result does not keep to the limits.

    A broken request counts as a success if it gets the status and the code of the contract.
    """
    host = server_address(host)
    _require_photos(photos)
    require_server(host)
    plan = LoadPlan(
        scenario=scenario,
        mix=mix,
        users=users,
        duration_s=duration or DURATIONS_S[scenario],
        timeout_s=timeout,
        photos=photos,
        suppliers=read_suppliers(keys) if keys else suppliers_without_keys(),
    )
    output.mkdir(parents=True, exist_ok=True)
    _run_locust(host, plan, output)
    *kinds, total = read_measured(output / "run_stats.csv", plan.duration_s)
    limits = limits_of(
        total,
        max_p50_ms=max_p95_ms / 2 if max_p50_ms is None else max_p50_ms,
        max_p95_ms=max_p95_ms,
        max_p99_ms=max_p95_ms * 2 if max_p99_ms is None else max_p99_ms,
        max_failure_percent=max_failure_percent,
        min_rps=min_rps,
    )
    console = Console()
    console.print(_kinds_table([*kinds, total]))
    console.print(_limits_table(limits, plan))
    print(f"Report: {output / 'report.html'}, figures: {output / 'run_stats.csv'}.")
    broken = read_exceptions(output / "run_exceptions.csv")
    if broken:
        where = output / "run_exceptions.csv"
        raise LoadTestFailed(f"The clients themselves broke ({broken[0]}): {where} says where.")
    missed = [limit.what for limit in limits if not limit.passed]
    if missed:
        raise LoadTestFailed(f"The run missed its limits: {', '.join(missed)}.")


def _run_locust(host: str, plan: LoadPlan, output: Path) -> None:
    # Who still waits at the end is waited for: a client that is cut off is counted nowhere.
    stop_timeout_s = math.ceil(2 * plan.timeout_s)
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "--locustfile", str(_LOCUSTFILE), "--headless"),
            *("--host", host, "--stop-timeout", str(stop_timeout_s), "--only-summary"),
            *("--html", str(output / "report.html"), "--csv", str(output / "run")),
            # The verdict is this command's, not Locust's.
            *("--exit-code-on-error", "0"),
        ],
        env={**os.environ, **plan.to_environment()},
    )
    if ended.returncode:
        raise LoadTestFailed(
            f"Locust broke off with code {ended.returncode}; what it wrote last, above, says why."
        )


def _require_photos(photos: Path) -> None:
    if not any(path.suffix.lower() in CONTENT_TYPES for path in photos.glob("*")):
        raise DataInvalid(
            f"There are no JPEG or PNG photos in {photos}; name a folder with photos=…."
        )


def _kinds_table(kinds: Sequence[Measured]) -> Table:
    table = Table()
    for column in ("request", "sent", "failed", "a second", "p50, ms", "p95, ms", "p99, ms"):
        table.add_column(column, justify="left" if column == "request" else "right")
    for kind in kinds:
        table.add_row(
            "all" if kind.name == ALL else kind.name,
            str(kind.requests),
            str(kind.failures),
            f"{kind.rate_per_s:.1f}",
            *(f"{value:.0f}" for value in kind.waiting_ms.values()),
        )
    return table


def _limits_table(limits: Sequence[Check], plan: LoadPlan) -> Table:
    table = Table(title=f"{plan.scenario}, {plan.mix}: {plan.users} clients, {plan.duration_s} s")
    for column in ("measure", "measured", "limit", ""):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for limit in limits:
        sign = "≥" if limit.at_least else "≤"
        verdict = "held" if limit.passed else "[bold red]missed"
        table.add_row(limit.what, f"{limit.measured:.1f}", f"{sign} {limit.wanted:g}", verdict)
    return table
