"""`hangtag bench serving`: the stock handler, Hangtag and the raw engine, in one run."""

import os
import signal
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.archived_bundle import find_bundle
from bench.plan import Plan
from bench.report import Report, write_report
from bench.stock_server import require_stock_handler
from hangtag.cli.console import one_sentence_errors
from hangtag.errors import SettingsInvalid
from loadtest.errors import LoadTestFailed
from loadtest.served import ARCHIVE

_OUTPUT = Path("bench/results/serving.json")
_PAGE = Path("docs/benchmarks.md")
# They would make a server faster or slower than its settings do.
_THREAD_SETTINGS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@one_sentence_errors
def serving(
    archive: Annotated[Path, typer.Option(help="The .mar file to measure.")] = ARCHIVE,
    bundle: Annotated[
        Path | None,
        typer.Option(help="The bundle that it was made of.  [default: found under runs/]"),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(help="Folder of photos.  [default: of HANGTAG_FASHION_PRODUCTS, or rendered]"),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Of each load behind a ratio.")] = 20,
    clients: Annotated[str, typer.Option(help="At the same time, with commas.")] = "1,8,16,32",
    repeats: Annotated[int, typer.Option(min=1, help="Rounds; their median counts.")] = 3,
    output: Annotated[Path, typer.Option(help="Where the report goes.")] = _OUTPUT,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if a measure is missed.")] = False,
) -> None:
    """Measure TorchServe's own handler, Hangtag and the raw engine with the same weights."""
    from bench.tables import describe_systems, rich_tables

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in _THREAD_SETTINGS:
        os.environ.pop(name, None)
    plan = Plan(seconds, parse_clients(clients), repeats)
    report = _measure(archive, bundle, photos, plan)
    _write(report, output)
    console = Console(highlight=False)
    for each in (*rich_tables(report), *describe_systems(report)):
        console.print(each)
    missed = [measure.name for measure in report.measures if not measure.passed]
    print(
        f"Measured {archive} in {report.minutes:.0f} minutes, "
        f"{len(report.measures) - len(missed)} of {len(report.measures)} measures held: {output}, "
        f"plot and Markdown beside it."
    )
    if strict and missed:
        raise LoadTestFailed(f"Missed: {'; '.join(missed)}.")


def parse_clients(text: str) -> tuple[int, ...]:
    """Return the numbers of clients out of `1,8,16,32`, in order; 1 always is among them.

    Raises
    ------
    SettingsInvalid : if that is no list of numbers above 0.
    """
    try:
        counts = {int(part) for part in text.split(",")}
    except ValueError as error:
        raise SettingsInvalid(f"--clients {text} is no list of numbers, such as 1,8.") from error
    if min(counts) < 1:
        raise SettingsInvalid(f"--clients {text}: at least one client is needed.")
    return tuple(sorted(counts | {1}))


def _measure(archive: Path, bundle: Path | None, photos: Path | None, plan: Plan) -> Report:
    # What can be wrong is said before minutes pass.
    require_stock_handler()
    found = find_bundle(archive, bundle)
    # Imported late: torch takes seconds.
    from bench.run import Steps, measure

    with tempfile.TemporaryDirectory(prefix="bench-") as work, _progress() as progress:
        return measure(archive, found, photos, plan, Path(work), Steps(progress))


def _progress() -> Progress:
    # Drawn seldom: the systems that are measured need the processor.
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        refresh_per_second=1,
    )


def _write(report: Report, output: Path) -> None:
    from bench.plot import plot_report
    from bench.tables import markdown, replace_block

    write_report(report, output)
    plot_report(report, output.with_suffix(".png"))
    tables = markdown(report)
    output.with_suffix(".md").write_text(tables + "\n", encoding="utf-8")
    # Trials that go elsewhere leave the page alone.
    if output == _OUTPUT and _PAGE.exists():
        page = _PAGE.read_text(encoding="utf-8")
        replaced = replace_block(page, tables)
        if replaced != page:
            _PAGE.write_text(replaced, encoding="utf-8")
