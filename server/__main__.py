"""`python -m server`, the image's way in: make an archive, fetch one, serve it."""

import typer

from hangtag.cli.console import run_command
from server.fetch import fetch
from server.packaging import archive
from server.serve import serve

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From a bundle to a running service.",
)
app.command()(archive)
app.command()(fetch)
app.command()(serve)

if __name__ == "__main__":
    run_command(app)
