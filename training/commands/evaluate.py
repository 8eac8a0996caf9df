"""`hangtag evaluate`: make the evaluation page of a finished run again."""

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import one_sentence_errors
from hangtag.cli.wording import command, option
from hangtag.errors import DataInvalid
from training.layout import TEST_PHOTOS, require_finished


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
    run = run or _newest_run(Path("runs"))
    for each in (run, *(beside or [])):
        require_finished(each, TEST_PHOTOS)
    from training.evaluate import load_evaluated, write_report

    others = {other.resolve().name: load_evaluated(other) for other in beside or []}
    page = write_report(load_evaluated(run), run, others)
    print(f"Evaluated {run}: the page is {page}, its figures are in {page.with_suffix('.json')}.")


def _newest_run(folder: Path) -> Path:
    saved = sorted(folder.glob(f"*/{TEST_PHOTOS}"), key=lambda path: path.stat().st_mtime)
    if not saved:
        raise DataInvalid(
            f"No run in {folder} has finished yet; name one with {option('run')}, or train one: "
            f"{command('train', data='FOLDER')}"
        )
    return saved[-1].parent
