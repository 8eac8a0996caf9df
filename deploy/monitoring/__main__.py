"""`make monitoring-check`."""

from __future__ import annotations

import typer

from deploy.monitoring.check import check

if __name__ == "__main__":
    typer.run(check)
