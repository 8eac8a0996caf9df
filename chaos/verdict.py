"""What a trial measured, beside what it had to keep to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from loadtest.check import Check


@dataclass(frozen=True)
class Row:
    """One trial's line of the table."""

    trial: str
    tried: str
    checks: tuple[Check, ...]
    # What a reader needs beside the figures: how to see a failure again, what was not tried.
    notes: tuple[str, ...] = ()
    # How long the trial took, and on which backend.
    seconds: float = 0.0
    backend: str = ""

    @property
    def name(self) -> str:
        """The trial, and the backend where there are several."""
        return f"{self.trial}, {self.backend}" if self.backend else self.trial

    @property
    def passed(self) -> bool:
        """Whether every check held; a trial that measured nothing did not."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def document(self) -> dict[str, Any]:
        """Return the row for the results' JSON, which knows neither NaN nor infinity."""
        return {
            "trial": self.trial,
            "backend": self.backend,
            "tried": self.tried,
            "held": self.passed,
            "seconds": round(self.seconds, 1),
            "checks": [
                {
                    "what": check.what,
                    "measured": check.measured if math.isfinite(check.measured) else None,
                    "wanted": check.wanted,
                    "bound": "at least" if check.at_least else "at most",
                    "unit": check.unit,
                    "held": check.passed,
                }
                for check in self.checks
            ],
            "notes": list(self.notes),
        }


def table_of(rows: Sequence[Row], title: str) -> Table:
    """Return what was tried beside what it showed, one line a check."""
    table = Table(title=title)
    for column in ("trial", "tried", "measured", "wanted", "held"):
        table.add_column(column)
    for row in rows:
        for number, check in enumerate(row.checks):
            table.add_row(
                row.name if number == 0 else "",
                row.tried if number == 0 else "",
                check.measured_text,
                check.wanted_text,
                "yes" if check.passed else "[bold red]NO",
                end_section=number == len(row.checks) - 1,
            )
    return table
