"""`python -m chaos.upgrades`: replace and lose taggers behind the proxy under load."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from chaos.upgrades.proxy import find_nginx
from chaos.upgrades.stage import UpgradeSettings, staged
from chaos.upgrades.trials import SHORT, TRIALS
from chaos.verdict import Row, table_of
from hangtag.cli.console import one_sentence_errors, run_command
from server.archive import open_archive
from server.plan import describe_machine


@one_sentence_errors
def main(
    archive: Annotated[
        Path, typer.Option(help="The .mar file that the taggers serve, under two versions.")
    ] = Path("model_store/tagger.mar"),
    is_short: Annotated[
        bool, typer.Option("--short", help=f"Only {', '.join(SHORT)}, and less of them.")
    ] = False,
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
    names = _names(only, is_short)
    # What can be wrong is said before minutes pass.
    find_nginx()
    open_archive(archive)
    settings = UpgradeSettings(rate_per_s=rate, settle_s=0.7 if is_short else 2.0)
    # Only a whole run is the project's result.
    is_part = is_short or bool(only)
    output = output or Path("logs" if is_part else "bench/results", "upgrade.json")
    console = Console(highlight=False)
    began = time.monotonic()
    rows = list(_rows(console, archive, settings, names))
    seconds = time.monotonic() - began
    _write(output, rows, archive, settings, seconds)
    console.print(table_of(rows, "Upgrades under load"))
    failed = [row.trial for row in rows if not row.passed]
    verdict = f"did not hold: {', '.join(failed)}" if failed else "all held"
    print(f"{len(rows)} trials in {seconds:.0f} s, {verdict}; figures: {output}.")
    if failed:
        raise typer.Exit(1)


def _names(only: Sequence[str] | None, is_short: bool) -> list[str]:
    unknown = sorted(set(only or []) - set(TRIALS))
    if unknown:
        raise typer.BadParameter(f"There is no {unknown[0]!r}; there are: {', '.join(TRIALS)}.")
    wanted = only or (SHORT if is_short else TRIALS)
    return [name for name in TRIALS if name in wanted]


def _rows(
    console: Console, archive: Path, settings: UpgradeSettings, names: list[str]
) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="hangtag-upgrade-") as work, console.status("") as line:
        line.update("Starting two taggers and the proxy …")
        with staged(archive, settings, Path(work)) as stage:
            for number, name in enumerate(names, start=1):
                line.update(f"[{number}/{len(names)}] {name} …")
                began = time.monotonic()
                row = replace(TRIALS[name](stage), seconds=time.monotonic() - began)
                held = "held" if row.passed else "[bold red]did not hold"
                console.print(f"{row.trial}: {held}, {row.seconds:.0f} s")
                yield row


def _write(
    output: Path, rows: Sequence[Row], archive: Path, settings: UpgradeSettings, seconds: float
) -> None:
    document: dict[str, Any] = {
        "archive": archive.name,
        "seconds": round(seconds),
        "machine": describe_machine(),
        "settings": asdict(settings),
        "held": all(row.passed for row in rows),
        "rows": [row.document() for row in rows],
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(partial(typer.run, main))
