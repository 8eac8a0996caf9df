"""`hangtag export`: write a run's weights in other formats, and check them all."""

from typing import Annotated

import typer

from hangtag.cli.console import one_sentence_errors
from training.commands.options import FinishedRun
from training.layout import require_finished
from training.run.exports import Format

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The weights of a finished run in other formats.",
)


@app.command()
@one_sentence_errors
def check(run: FinishedRun) -> None:
    """Compare the scores of every format with those of model.onnx."""
    require_finished(run)
    from training.run.exports.agreement import agreement_table, measure_agreement
    from training.tables import print_table

    agreement = measure_agreement(run)
    print_table(agreement_table(agreement))
    agreement.require()
    print(
        f"All {len(agreement.differences)} files give the scores of {agreement.model}: the largest "
        f"difference is {agreement.largest:.1e}."
    )


@app.command()
@one_sentence_errors
def write(
    run: FinishedRun,
    format_: Annotated[
        Format, typer.Option("--format", help="Which format the run's folder lacks.")
    ],
) -> None:
    """Write the weights in a format that the run does not have yet, or not any more."""
    require_finished(run)
    from training.run.exports.run_files import write_file

    path = write_file(format_, run)
    print(f"Wrote the weights of {run}: they are in {path}.")
