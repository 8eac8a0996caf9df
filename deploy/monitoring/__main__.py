"""`make monitoring-check`."""

from functools import partial

import typer

from deploy.monitoring.check import check
from hangtag.cli.console import run_command

if __name__ == "__main__":
    run_command(partial(typer.run, check))
