"""`hangtag upgrade-test`: replace and lose taggers behind the proxy under load."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.backends import BackendChoice, backends_of
from chaos.suite import names_of, publish, run_trials
from chaos.upgrades.proxy import find_nginx
from chaos.upgrades.stage import UpgradeSettings, staged
from chaos.upgrades.trials import SHORT, TRIALS
from chaos.verdict import Row
from hangtag.cli.console import one_sentence_errors
from server.archive import open_archive
from server.tagger_server import BackendName


@one_sentence_errors
def main(
    archive: Annotated[
        Path, typer.Option(help="The .mar file that the taggers serve, under two versions.")
    ] = Path("model_store/tagger.mar"),
    is_short: Annotated[
        bool, typer.Option("--short", help=f"Only {', '.join(SHORT)}, and less of them.")
    ] = False,
    backend: Annotated[
        BackendChoice, typer.Option(help="What runs the taggers; both, one after the other.")
    ] = "both",
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this trial; may be repeated: {', '.join(TRIALS)}."),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=1, max=150, help="Photos a second that the suppliers send.")
    ] = UpgradeSettings.rate_per_s,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The JSON file of the results.  [default: bench/results/upgrade.json, or "
            "logs/upgrade.json of a part]"
        ),
    ] = None,
) -> None:
    """Roll two taggers behind nginx to a new archive and back under load; stop and kill them.

    Starts everything by itself on free ports of loopback. Ends with 1 if something did not hold.
    """
    names = names_of(only, TRIALS, SHORT if is_short else TRIALS)
    # What can be wrong is said before minutes pass.
    find_nginx()
    open_archive(archive)
    settings = UpgradeSettings(rate_per_s=rate, settle_s=0.7 if is_short else 2.0)
    # Only a whole run is the project's result.
    is_part = is_short or bool(only) or backend != "both"
    output = output or Path("logs" if is_part else "bench/results", "upgrade.json")
    console = Console(highlight=False)
    began = time.monotonic()
    rows = [
        row
        for each in backends_of(backend)
        for row in _rows_of(each, archive, settings, names, console)
    ]
    seconds = time.monotonic() - began
    publish(console, "Upgrades under load", rows, output, archive, asdict(settings), seconds)


def _rows_of(
    backend: BackendName,
    archive: Path,
    settings: UpgradeSettings,
    names: Sequence[str],
    console: Console,
) -> list[Row]:
    with ExitStack() as resources:
        work = resources.enter_context(tempfile.TemporaryDirectory(prefix="hangtag-upgrade-"))
        with console.status(f"Starting two taggers, {backend}, and the proxy …"):
            stage = resources.enter_context(staged(archive, settings, Path(work), backend))
        return run_trials(console, names, lambda name: TRIALS[name](stage), backend)
