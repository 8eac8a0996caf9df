"""What the processor has consumed, where the system lets us read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Of Intel and AMD: https://docs.kernel.org/power/powercap/powercap.html
POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class EnergyReading:
    """The counter of each processor package, and the value at which it starts again from 0."""

    microjoules: Mapping[str, int]
    wraps_at: Mapping[str, int]


def read_energy(powercap: Path = POWERCAP) -> EnergyReading | None:
    """Read the counters; None where there are none, or only root may read them."""
    # `intel-rapl:0` is a package; `intel-rapl:0:0` is a part of it.
    packages = [zone for zone in powercap.glob("intel-rapl:*") if zone.name.count(":") == 1]
    try:
        microjoules = {zone.name: _read_integer(zone / "energy_uj") for zone in packages}
        wraps_at = {zone.name: _read_integer(zone / "max_energy_range_uj") for zone in packages}
    except OSError:
        return None
    return EnergyReading(microjoules, wraps_at) if packages else None


def joules_between(before: EnergyReading | None, after: EnergyReading | None) -> float | None:
    """Return the joules of all packages from one reading to the next; None without readings.

    >>> before = EnergyReading({"intel-rapl:0": 9_000_000}, {"intel-rapl:0": 10_000_000})
    >>> joules_between(before, EnergyReading({"intel-rapl:0": 1_000_000}, before.wraps_at))
    2.0
    """
    if before is None or after is None:
        return None
    microjoules = (
        (after.microjoules[zone] - start) % before.wraps_at[zone]
        for zone, start in before.microjoules.items()
    )
    return sum(microjoules) / 1e6


def _read_integer(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))
