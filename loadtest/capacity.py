"""`hangtag capacity`: the largest rate within the limits, and what more would take."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hangtag.cli.console import one_sentence_errors
from hangtag.errors import DataInvalid, SettingsInvalid
from hangtag.hardware import usable_cores
from loadtest.capacity_report import (
    ATTEMPT_COLUMNS,
    CLIENTS,
    NEED_COLUMNS,
    CapacityReport,
    attempt_rows,
    benchmark_rate,
    compare,
    facts,
    markdown,
    need_rows,
)
from loadtest.client.load import Load
from loadtest.client.photos import ordinary_photos
from loadtest.client.samples import described, rate_per_s
from loadtest.client.wire import Address
from loadtest.errors import LoadTestFailed
from loadtest.machine import current_commit, describe_machine
from loadtest.planning import Server, plan_servers
from loadtest.processes import read_memory, read_spending, spent_between
from loadtest.rate_search import Attempt, Objectives, judge, largest_rate
from loadtest.served import ARCHIVE, serve_hangtag
from loadtest.tagging_requests import Photo, photo_request, read_photos
from loadtest.target_server import require_server, server_address
from server.plan import count_gpus
from server.tagger_server import BackendName

_OUTPUT = Path("bench/results/capacity.json")
_BENCHMARK = Path("bench/results/serving.json")
_DIFFERENT_PHOTOS = 64
_WARM_UP_S = 3.0
# A confirmation takes this many times longer than an attempt.
_CONFIRMATION = 2


@dataclass(frozen=True)
class _Target:
    """The server that is measured; `pid` None: it is a remote one."""

    address: Address
    pid: int | None
    cores: int | None
    gpus: int
    settings: dict[str, Any] = field(default_factory=dict)


@one_sentence_errors
def main(
    archive: Annotated[Path, typer.Option(help="The .mar file to serve and measure.")] = ARCHIVE,
    backend: Annotated[BackendName, typer.Option(help="What runs the tagger.")] = "torchserve",
    host: Annotated[
        str | None,
        typer.Option(help="A server that runs already, such as http://10.0.0.5:8080, instead."),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(help="Folder of photos.  [default: of HANGTAG_FASHION_PRODUCTS, or drawn]"),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Of each rate that is tried.")] = 15,
    tolerance: Annotated[
        float, typer.Option(min=0.005, max=0.5, help="Share of the rate at which to stop.")
    ] = 0.02,
    max_p50_ms: Annotated[float, typer.Option(help="Limit: half are answered within, ms.")] = 500,
    max_p95_ms: Annotated[float, typer.Option(help="Limit: 95% are answered within, ms.")] = 750,
    max_p99_ms: Annotated[float, typer.Option(help="Limit: 99% are answered within, ms.")] = 1000,
    max_failure_percent: Annotated[float, typer.Option(help="Limit: failed requests, %.")] = 0,
    output: Annotated[
        Path, typer.Option(help="Where the report goes, Markdown beside it.")
    ] = _OUTPUT,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Fail if it is not within 10% of what clients get, now and in bench-serving.",
        ),
    ] = False,
) -> None:
    """Find the largest rate of photos that a server answers within the limits, by bisection.

    Sends photos evenly spaced, however the server fares. Serves the archive by itself, unless
    a server is named.
    """
    objectives = Objectives(
        p50_ms=max_p50_ms,
        p95_ms=max_p95_ms,
        p99_ms=max_p99_ms,
        failure_percent=max_failure_percent,
    )
    sent = _photos(photos)
    console = Console(highlight=False)
    with console.status("Starting …") as line, _target(archive, backend, host) as target:
        search = _Search(target, sent, objectives, seconds, line.update)
        report = search.report(tolerance)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(report.model_dump_json(indent=1, by_alias=True) + "\n", encoding="utf-8")
    output.with_suffix(".md").write_text(markdown(report) + "\n", encoding="utf-8")
    _print(console, report)
    print(
        f"{report.unit} carry {report.largest.rate_per_s:.1f} photos/s within the limits: {output},"
        " Markdown beside it."
    )
    if strict and report.disagreements:
        raise LoadTestFailed(f"Not within 10%: {'; '.join(report.disagreements)}.")


class _Search:
    """Loads one server again and again.

    Parameters
    ----------
    seconds : of an attempt, without its warm-up
    announce : called with what is measured next
    """

    def __init__(
        self,
        target: _Target,
        photos: Sequence[Photo],
        objectives: Objectives,
        seconds: float,
        announce: Callable[[str], None],
    ) -> None:
        requests = [photo_request(photo.content, photo.content_type) for photo in photos]
        self._load = Load(target.address, requests)
        self._target = target
        self._mean_photo_bytes = sum(len(photo.content) for photo in photos) / len(photos)
        self._objectives = objectives
        self._seconds = seconds
        self._announce = announce
        self._attempts: list[Attempt] = []
        self._cpu_ms_per_photo: float | None = None

    def report(self, tolerance: float) -> CapacityReport:
        """Search, and return what was found."""
        closed = self._closed_loop_rate()
        largest = largest_rate(self._try_rate, self._confirm, closed, tolerance)
        machine, settings = describe_machine(), self._target.settings
        benchmark, why_not = benchmark_rate(_BENCHMARK, machine, settings)
        comparisons = [compare(f"{CLIENTS} clients, now", largest, closed)]
        if benchmark is not None:
            comparisons.append(compare(f"{CLIENTS} clients, {_BENCHMARK}", largest, benchmark))
        return CapacityReport(
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            commit=current_commit(),
            machine=machine,
            server=self._server(largest),
            settings=settings,
            objectives=self._objectives,
            largest=largest,
            attempts=tuple(self._attempts),
            cpu_ms_per_photo=self._cpu_ms_per_photo,
            comparisons=tuple(comparisons),
            not_compared=why_not,
        )

    def _closed_loop_rate(self) -> float:
        self._announce(f"{CLIENTS} clients …")
        with self._load.closed(CLIENTS, _WARM_UP_S + self._seconds) as running:
            run = running.result()
        rate = rate_per_s(run.samples, _WARM_UP_S, run.seconds)
        if not rate:
            raise LoadTestFailed(f"The server tagged nothing: {described(run.samples)}.")
        return rate

    def _try_rate(self, rate: float) -> Attempt:
        return self._attempt(rate, self._seconds)

    def _confirm(self, rate: float) -> Attempt:
        pid = self._target.pid
        before = read_spending(pid) if pid else None
        attempt = self._attempt(rate, _CONFIRMATION * self._seconds)
        if pid and before:
            cpu_s = spent_between(before, read_spending(pid)).cpu_s
            photos = rate * (_WARM_UP_S + _CONFIRMATION * self._seconds)
            self._cpu_ms_per_photo = 1000 * cpu_s / photos
        return attempt

    def _attempt(self, rate: float, seconds: float) -> Attempt:
        self._announce(f"{rate:.1f} photos/s …")
        with self._load.open(rate, _WARM_UP_S + seconds) as running:
            attempt = judge(running.result(), rate, _WARM_UP_S, self._objectives)
        self._attempts.append(attempt)
        return attempt

    def _server(self, largest: Attempt) -> Server:
        pid = self._target.pid
        held = read_memory(pid) if pid else ()
        memory_mb = sum(each.pss_bytes or each.rss_bytes for each in held) / 1e6
        return Server(
            photos_per_s=largest.rate_per_s,
            cores=self._target.cores,
            gpus=self._target.gpus,
            memory_mb=memory_mb or None,
            mean_photo_bytes=self._mean_photo_bytes,
        )


def _photos(folder: Path | None) -> list[Photo]:
    if folder is None:
        return [Photo(each, "image/jpeg") for each in ordinary_photos(_DIFFERENT_PHOTOS)]
    photos = read_photos(folder) if folder.is_dir() else []
    if not photos:
        raise DataInvalid(f"There are no JPEG or PNG photos in {folder}; name another folder.")
    return photos


@contextmanager
def _target(archive: Path, backend: BackendName, host: str | None) -> Iterator[_Target]:
    if host is not None:
        host = server_address(host)
        if not host.startswith("http://"):
            raise SettingsInvalid(f"host={host} is no address such as http://10.0.0.5:8080.")
        require_server(host)
        yield _Target(Address.of(host), pid=None, cores=None, gpus=0)
        return
    with serve_hangtag(archive, backend) as served:
        yield _Target(
            Address.of(served.predictions_url),
            served.pid,
            usable_cores(),
            count_gpus(),
            served.settings,
        )


def _print(console: Console, report: CapacityReport) -> None:
    attempts = Table(*ATTEMPT_COLUMNS, title=f"Rates tried, {report.unit}")
    for row in attempt_rows(report.attempts):
        attempts.add_row(*row)
    needs = Table(*NEED_COLUMNS, title="Servers like this one")
    for row in need_rows(plan_servers(report.server)):
        needs.add_row(*row)
    console.print(attempts)
    console.print(needs)
    for line in facts(report):
        console.print(f"- {line}")
