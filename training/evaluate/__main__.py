"""`python -m training.evaluate`: make the evaluation page of a finished run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import one_sentence_errors, run_command
from hangtag.cli.wording import option
from hangtag.errors import DataInvalid
from training.command_line import next_step, said_plainly

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
@one_sentence_errors
def evaluate(
    run: Annotated[
        Path | None, typer.Option(help="The run's folder; default the newest that finished.")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="Another run on the same test photos, to compare with; repeatable."),
    ] = None,
) -> None:
    """Write report.html and report.json of a finished run."""
    # Imported late: these take seconds, and --help should not.
    from training.evaluate import load_evaluated, write_report

    run = run or _newest_run(Path("runs"))
    others = {other.resolve().name: load_evaluated(other) for other in beside or []}
    page = write_report(load_evaluated(run), run, others)
    print(f"Evaluated {run}: the page is {page}, its figures are in {page.with_suffix('.json')}.")


def _newest_run(folder: Path) -> Path:
    from training.layout import TEST_PHOTOS

    saved = sorted(folder.glob(f"*/{TEST_PHOTOS}"), key=lambda path: path.stat().st_mtime)
    if not saved:
        raise DataInvalid(
            f"No run in {folder} has finished yet; name one with {option('run')}, or train one: "
            f"{next_step('train', DATA='FOLDER')}"
        )
    return saved[-1].parent


if __name__ == "__main__":
    run_command(said_plainly(app))
