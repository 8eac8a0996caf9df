"""`python -m chaos`: try what could break a live server, and print what held."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from chaos.capacity import calibrated_load
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings, full, short
from chaos.trials import TRIALS
from chaos.verdict import Row, table_of
from hangtag.cli.console import one_sentence_errors, run_command
from hangtag.errors import ArchiveInvalid
from loadtest.check import Check
from loadtest.client.load import Load
from server.plan import describe_machine
from server.temporary import serving

_RECOVERY_TIMEOUT_S = 30.0


@one_sentence_errors
def main(
    archive: Annotated[Path, typer.Option(help="The .mar file to try.")] = Path(
        "model_store/tagger.mar"
    ),
    is_short: Annotated[
        bool, typer.Option("--short", help="Less of everything: under a minute.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this trial; may be repeated: {', '.join(TRIALS)}."),
    ] = None,
    seed: Annotated[int, typer.Option(help="What the random requests are drawn from.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The JSON file of the results.  [default: bench/results/chaos.json, or "
            "logs/chaos.json of a part]"
        ),
    ] = None,
) -> None:
    """Try what could break the server: faults, hostile requests, overload, minutes of load.

    Serves the archive on free ports of its own; ends with 1 if something did not hold.
    """
    names = _names(only)
    # Only a whole run is the project's result.
    output = output or Path("logs" if is_short or only else "bench/results", "chaos.json")
    findings = output.with_name(f"{output.stem}_findings")
    settings = short(seed, findings) if is_short else full(seed, findings)
    console = Console(highlight=False)
    began = time.monotonic()
    rows = list(_rows(console, archive, settings, names))
    _write(output, rows, archive, settings, time.monotonic() - began)
    console.print(table_of(rows, "Chaos"))
    failed = [row.trial for row in rows if not row.passed]
    verdict = f"did not hold: {', '.join(failed)}" if failed else "all held"
    print(f"{len(rows)} trials in {time.monotonic() - began:.0f} s, {verdict}; figures: {output}.")
    if failed:
        raise typer.Exit(1)


def _names(only: list[str] | None) -> list[str]:
    unknown = sorted(set(only or []) - set(TRIALS))
    if unknown:
        raise typer.BadParameter(f"There is no {unknown[0]!r}; there are: {', '.join(TRIALS)}.")
    return [name for name in TRIALS if not only or name in only]


class _Stage:
    """The server that trials run against; a new one after a trial that it did not survive."""

    def __init__(self, archive: Path, settings: ChaosSettings) -> None:
        self._archive = archive
        self._settings = settings
        self._resources = ExitStack()
        self._server: ServerUnderTrial | None = None
        self._load: Load | None = None

    def __enter__(self) -> _Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def sound(self) -> tuple[ServerUnderTrial, Load]:
        """Return a server whose workers are all ready, and the load that fits it."""
        if self._server is None or not self._server.wait_until_ready(_RECOVERY_TIMEOUT_S):
            self._resources.close()
            address = self._resources.enter_context(serving(self._archive))
            self._server = ServerUnderTrial(address, self._archive)
            self._load = None
        if self._load is None:
            self._load = calibrated_load(self._server, self._settings)
        return self._server, self._load


def _rows(
    console: Console, archive: Path, settings: ChaosSettings, names: list[str]
) -> Iterator[Row]:
    with _Stage(archive, settings) as stage:
        for number, name in enumerate(names, start=1):
            began = time.monotonic()
            with _progress(console, f"[{number}/{len(names)}] {name}"):
                row = replace(_row(stage, name, settings), seconds=time.monotonic() - began)
            held = "held" if row.passed else "[bold red]did not hold"
            console.print(f"{row.trial}: {held}, {row.seconds:.0f} s")
            yield row


def _row(stage: _Stage, name: str, settings: ChaosSettings) -> Row:
    try:
        server, load = stage.sound()
        return TRIALS[name](server, load, settings)
    except ArchiveInvalid:
        raise
    except Exception as error:  # noqa: BLE001 - what breaks a trial is what trials are to report
        what = f"{type(error).__name__}: {error}"
        return Row(name, "ended early", (Check("trial broken off", 1, 0),), (what,))


@contextmanager
def _progress(console: Console, what: str) -> Iterator[None]:
    with console.status(f"{what} …"):
        yield


def _write(
    output: Path, rows: list[Row], archive: Path, settings: ChaosSettings, seconds: float
) -> None:
    document: dict[str, Any] = {
        "archive": archive.name,
        "seconds": round(seconds),
        "machine": describe_machine(),
        "settings": {**asdict(settings), "findings_folder": settings.findings_folder.name},
        "held": all(row.passed for row in rows),
        "rows": [row.document() for row in rows],
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(partial(typer.run, main))
