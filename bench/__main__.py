"""`hangtag bench`: make the archive that is measured, measure it."""

import typer

from bench.model import model
from bench.serving import serving
from bench.tune import tune
from hangtag.cli.console import run_command

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How fast the tagger is served, beside the stock handler and the machine's limit.",
)
app.command()(model)
app.command()(serving)
app.command()(tune)

if __name__ == "__main__":
    run_command(app)
