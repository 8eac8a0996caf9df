"""`hangtag bench`: make the archive that is measured, measure it."""

import typer

from bench.model import model
from bench.serving import serving

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How fast the tagger is served, beside the stock handler and the machine's limit.",
)
app.command()(model)
app.command()(serving)
