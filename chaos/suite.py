"""Trials one after the other: which of them, how they went, and where their figures go."""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from chaos.verdict import Row, table_of
from server.plan import describe_machine


def names_of(
    only: Sequence[str] | None, trials: Collection[str], usual: Collection[str]
) -> list[str]:
    """Return the trials to run, in their order: those that were named, or the usual ones.

    Raises
    ------
    typer.BadParameter : if one is not a trial.
    """
    unknown = sorted(set(only or []) - set(trials))
    if unknown:
        raise typer.BadParameter(f"There is no {unknown[0]!r}; there are: {', '.join(trials)}.")
    return [name for name in trials if name in (only or usual)]


def run_trials(
    console: Console, names: Sequence[str], run: Callable[[str], Row], backend: str = ""
) -> list[Row]:
    """Run trials by their names, and say of each how it went."""
    rows = []
    for number, name in enumerate(names, start=1):
        began = time.monotonic()
        with console.status(f"[{number}/{len(names)}] {name} …"):
            row = replace(run(name), seconds=time.monotonic() - began, backend=backend)
        passed = "held" if row.passed else "[bold red]did not hold"
        console.print(f"{row.name}: {passed}, {row.seconds:.0f} s")
        rows.append(row)
    return rows


def publish(
    console: Console,
    title: str,
    rows: Sequence[Row],
    output: Path,
    archive: Path,
    settings: Mapping[str, Any],
    seconds: float,
) -> None:
    """Write the results' JSON and show them; end with 1 if a trial did not pass."""
    failed = [row.name for row in rows if not row.passed]
    document = {
        "archive": archive.name,
        "seconds": round(seconds),
        "machine": describe_machine(),
        "settings": settings,
        "held": not failed,
        "rows": [row.document() for row in rows],
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(table_of(rows, title))
    verdict = f"did not hold: {', '.join(failed)}" if failed else "all held"
    print(f"{len(rows)} trials in {seconds:.0f} s, {verdict}; figures: {output}.")
    if failed:
        raise typer.Exit(1)
