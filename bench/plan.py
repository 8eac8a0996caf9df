"""Which loads are put on which system, for how long, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.photos import LARGE, SMALL
from bench.report import SystemName

MAIN_CLIENTS = 32
LARGE_CLIENTS = 16


@dataclass(frozen=True)
class Load:
    """One measurement of a server."""

    photos: str
    clients: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.clients} clients, {self.photos}"


@dataclass(frozen=True)
class Plan:
    """The measurements of a run.

    The loads behind the promised ratios are repeated in every round, so that what else happens on
    the machine falls on all systems alike; the others are measured once, in the first round.

    Parameters
    ----------
    seconds : of a load behind a ratio; the others take half of it
    clients : numbers of clients at 224 px
    repeats : rounds
    """

    seconds: float
    clients: tuple[int, ...]
    repeats: int

    @property
    def main_clients(self) -> int:
        """The clients that throughput ratios are measured with."""
        return MAIN_CLIENTS if MAIN_CLIENTS in self.clients else max(self.clients)

    @property
    def large_clients(self) -> int:
        """The clients that send photos of 12 MP."""
        return min(LARGE_CLIENTS, self.main_clients)

    @property
    def short_seconds(self) -> float:
        """Of a load that is not behind a throughput ratio."""
        return self.seconds / 2

    @property
    def search_seconds(self) -> float:
        """Of each setting of the raw engine or the stock handler that is tried."""
        return self.seconds / 8

    def loads(self, system: SystemName, round_number: int) -> list[Load]:
        """Return the loads on a server in one round, counted from 0."""
        loads = [
            Load(SMALL, self.main_clients, self.seconds),
            Load(LARGE, self.large_clients, self.short_seconds),
        ]
        if system == "stock_tuned":
            return loads
        if system != "stock" or round_number == 0:
            loads.append(Load(SMALL, 1, self.short_seconds))
        if round_number == 0:
            others = [each for each in self.clients if each not in (1, self.main_clients)]
            loads += [Load(SMALL, each, self.short_seconds) for each in others]
        return loads

    def steps(self, stock_settings: int, raw_searches: int) -> int:
        """Return the number of measurements of the whole run, for the progress bar."""
        systems: Sequence[SystemName] = ("stock", "hangtag", "hangtag_local")
        loads = sum(
            len(self.loads(system, number)) for system in systems for number in range(self.repeats)
        )
        return loads + 3 * self.repeats + stock_settings + raw_searches + 2
