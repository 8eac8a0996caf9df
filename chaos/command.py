"""`hangtag chaos`: try what could break a live server, and print what held."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.backends import BackendChoice, backends_of
from chaos.capacity import calibrated_load
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings, full, short
from chaos.suite import names_of, publish, run_trials
from chaos.trials import TRIALS
from chaos.verdict import Row
from hangtag.cli.console import one_sentence_errors
from hangtag.errors import ArchiveInvalid
from loadtest.check import Check
from loadtest.client.load import Load
from server.tagger_server import BackendName
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
    backend: Annotated[
        BackendChoice, typer.Option(help="What runs the tagger; both, one after the other.")
    ] = "both",
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
    names = names_of(only, TRIALS, TRIALS)
    # Only a whole run is the project's result.
    is_part = is_short or bool(only) or backend != "both"
    output = output or Path("logs" if is_part else "bench/results", "chaos.json")
    findings = output.with_name(f"{output.stem}_findings")
    settings = short(seed, findings) if is_short else full(seed, findings)
    console = Console(highlight=False)
    began = time.monotonic()
    rows = []
    for each in backends_of(backend):
        with _Stage(archive, settings, each) as stage:
            run = partial(_row, stage, settings)
            rows += run_trials(console, names, run, each)
    shown = {**asdict(settings), "findings_folder": findings.name}
    publish(console, "Chaos", rows, output, archive, shown, time.monotonic() - began)


class _Stage:
    """The server that trials run against; a new one after a trial that it did not survive."""

    def __init__(self, archive: Path, settings: ChaosSettings, backend: BackendName) -> None:
        self._archive = archive
        self._settings = settings
        self._backend = backend
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
            address = self._resources.enter_context(serving(self._archive, backend=self._backend))
            self._server = ServerUnderTrial(address, self._archive)
            self._load = None
        if self._load is None:
            self._load = calibrated_load(self._server, self._settings)
        return self._server, self._load


def _row(stage: _Stage, settings: ChaosSettings, name: str) -> Row:
    try:
        server, load = stage.sound()
        return TRIALS[name](server, load, settings)
    except ArchiveInvalid:
        raise
    except Exception as error:  # noqa: BLE001 - what breaks a trial is what trials are to report
        what = f"{type(error).__name__}: {error}"
        return Row(name, "ended early", (Check("trial broken off", 1, 0),), (what,))
