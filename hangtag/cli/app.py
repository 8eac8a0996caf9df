"""`hangtag`: the one command line of the project."""

from typing import Annotated

import typer

from hangtag import __version__
from hangtag.cli import rooms
from hangtag.cli.console import run_command
from hangtag.cli.lazy import LazyGroup
from hangtag.cli.usage import said_plainly

app = typer.Typer(
    cls=LazyGroup,
    # rich takes longer to import than all the rest.
    rich_markup_mode=None,
    # It has near names of its own.
    suggest_commands=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    epilog="`hangtag COMMAND --help` says more, with an example.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"hangtag {__version__}")
        raise typer.Exit


@app.callback()
def hangtag(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Its version.")
    ] = False,
) -> None:
    """Hangtag: product photos in, attribute tags in the retailer's own label IDs out."""
    del version


def main() -> None:
    """Run the command that this process was started for."""
    rooms.enter_house()
    run_command(said_plainly(app, prog_name="hangtag"))
