"""What a trial measured, beside what it had to keep to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Check:
    """One measure of a trial; held if it is at most, or at least, what is wanted."""

    what: str
    measured: float
    wanted: float
    unit: str = ""
    at_least: bool = False

    @property
    def held(self) -> bool:
        """Whether the server kept to it; a measure that is no number never holds."""
        if self.at_least:
            return self.measured >= self.wanted
        return self.measured <= self.wanted

    @property
    def measured_text(self) -> str:
        """Such as `p99 310 ms`."""
        return f"{self.what} {with_unit(self.measured, self.unit)}"

    @property
    def wanted_text(self) -> str:
        """Such as `≤ 10 s`."""
        if self.wanted == 0 and not self.at_least:
            return "none"
        return f"{'≥' if self.at_least else '≤'} {with_unit(self.wanted, self.unit)}"


@dataclass(frozen=True)
class Row:
    """One trial's line of the table."""

    trial: str
    tried: str
    checks: tuple[Check, ...]
    # What a reader needs beside the figures: how to see a failure again, what was not tried.
    notes: tuple[str, ...] = ()
    # How long the trial took.
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether every check held; a trial that measured nothing did not."""
        return bool(self.checks) and all(check.held for check in self.checks)

    def document(self) -> dict[str, Any]:
        """Return the row for the results' JSON, which knows neither NaN nor infinity."""
        return {
            "trial": self.trial,
            "tried": self.tried,
            "held": self.held,
            "seconds": round(self.seconds, 1),
            "checks": [
                {
                    "what": check.what,
                    "measured": check.measured if math.isfinite(check.measured) else None,
                    "wanted": check.wanted,
                    "bound": "at least" if check.at_least else "at most",
                    "unit": check.unit,
                    "held": check.held,
                }
                for check in self.checks
            ],
            "notes": list(self.notes),
        }


def with_unit(value: float, unit: str) -> str:
    """Return a figure as people read it: `12,345`, `0.00031`, `4.2 s`."""
    if not math.isfinite(value):
        return "never" if value > 0 else "unknown"
    # Counts and sizes in full, measurements to three digits.
    whole = float(value).is_integer() or abs(value) >= 1000
    figure = f"{value:,.0f}" if whole else f"{value:.3g}"
    return f"{figure} {unit}".rstrip()


def table_of(rows: Sequence[Row], title: str) -> Table:
    """Return what was tried beside what it showed, one line a check."""
    table = Table(title=title)
    for column in ("trial", "tried", "measured", "wanted", "held"):
        table.add_column(column)
    for row in rows:
        for number, check in enumerate(row.checks):
            table.add_row(
                row.trial if number == 0 else "",
                row.tried if number == 0 else "",
                check.measured_text,
                check.wanted_text,
                "yes" if check.held else "[bold red]NO",
                end_section=number == len(row.checks) - 1,
            )
    return table
