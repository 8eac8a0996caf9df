"""`python -m training.data_report`: show what is in a dataset folder before training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import expand_home, one_sentence_errors, run_command
from training.command_line import next_step, said_plainly

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
@one_sentence_errors
def data_report(
    data: Annotated[Path, typer.Option(help="Dataset folder.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the page goes; default runs/data-report-NAME.")
    ] = None,
    scores: Annotated[
        bool,
        typer.Option(
            "--scores/--no-scores", help="Look for label errors: a minute or two for 8,000 photos."
        ),
    ] = True,
    folds: Annotated[
        int, typer.Option(min=2, help="Parts of the photos, each scored by a head of the others.")
    ] = 4,
) -> None:
    """Write report.html and report.json of a dataset folder, and label_errors.csv."""
    # Imported late: these take seconds, and --help should not.
    from training.data_report.writing import write_data_report

    data = expand_home(data)
    out = out or Path("runs") / f"data-report-{data.resolve().name}"
    written = write_data_report(data, out, folds=folds if scores else None)
    found = f"{written.conflicts:,} label conflicts among look-alikes"
    if written.label_errors is not None:
        found += f", {written.label_errors:,} probable label errors"
    print(
        f"Looked through {written.photos:,} photos: {written.problems:,} problems, {found}. The "
        f"page is {written.page}; its figures and lists lie beside it in {out}."
    )
    # Training stops at problems, unless it is told to go on.
    skipping = {"SKIP_BAD": 1} if written.problems else {}
    if written.problems:
        print("The page lists the problems; mend them, or go on without these rows and photos.")
    print(f"Next: {next_step('train', DATA=data, **skipping)}")


if __name__ == "__main__":
    run_command(said_plainly(app))
