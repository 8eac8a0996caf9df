"""One measure beside its bound, of load tests, benchmarks and trials alike."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One measure; passed if it is at most, or at least, what is wanted."""

    what: str
    measured: float
    wanted: float
    unit: str = ""
    at_least: bool = False

    @property
    def passed(self) -> bool:
        """Whether the bound was kept to; a measure that is not a number never passes."""
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


def with_unit(value: float, unit: str) -> str:
    """Return a figure as people read it: `12,345`, `0.00031`, `4.2 s`."""
    if not math.isfinite(value):
        return "never" if value > 0 else "unknown"
    # Counts and sizes in full, measurements to three digits.
    whole = float(value).is_integer() or abs(value) >= 1000
    figure = f"{value:,.0f}" if whole else f"{value:.3g}"
    return f"{figure} {unit}".rstrip()
