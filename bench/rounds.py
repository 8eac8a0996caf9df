"""Measures the systems one after the other, round by round."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.load import measure_load
from bench.photos import LARGE, SMALL, PhotoSet
from bench.plan import Load, Plan
from bench.raw_limit import BATCHES, RawEngines, RawSettings, divisions, search
from bench.report import Figures, Row, System, SystemName
from bench.stock_server import DOCUMENTED, StockSettings, hand_tuned, serve_stock
from loadtest.processes import ProcessMemory, read_memory
from loadtest.served import Served, serve_hangtag
from server.tagger_server import BackendName

# How each system of ours is started.
HANGTAG: Mapping[SystemName, BackendName] = {"hangtag": "torchserve", "hangtag_local": "local"}
StartServer = Callable[[], AbstractContextManager[Served]]
OnStep = Callable[[str], None]


@dataclass(frozen=True)
class Contenders:
    """What is measured: four ways to run one network."""

    stock_archive: Path
    hangtag_archive: Path
    bundle_folder: Path
    logs: Path

    def stock(self, settings: StockSettings) -> AbstractContextManager[Served]:
        """Start TorchServe's own handler."""
        return serve_stock(self.stock_archive, settings, self.logs)

    def hangtag(self, backend: BackendName) -> AbstractContextManager[Served]:
        """Start Hangtag."""
        return serve_hangtag(self.hangtag_archive, backend)


@dataclass
class _Observed:
    settings: dict[str, Any] = field(default_factory=dict)
    startup_s: list[float] = field(default_factory=list)
    memory: tuple[ProcessMemory, ...] = ()


class Benchmark:
    """One run: `measure_all`, then `rows` and `systems` hold what was found.

    Parameters
    ----------
    photos : the sets by name
    cores : that this machine has for the systems
    on_step : called with what is measured next
    """

    def __init__(
        self,
        contenders: Contenders,
        photos: Mapping[str, PhotoSet],
        plan: Plan,
        cores: int,
        on_step: OnStep,
    ) -> None:
        self.rows: list[Row] = []
        self._contenders = contenders
        self._photos = photos
        self._bodies = {name: photo_set.bodies() for name, photo_set in photos.items()}
        self._plan = plan
        self._cores = cores
        self._on_step = on_step
        self._observed: dict[SystemName, _Observed] = {}
        self._raw_speeds: dict[RawSettings, float] = {}

    @property
    def systems(self) -> tuple[System, ...]:
        """How each system was set up, and what starting and holding it took."""
        return tuple(
            System(
                name=name,
                settings=observed.settings,
                startup_s=tuple(observed.startup_s),
                memory=observed.memory,
            )
            for name, observed in self._observed.items()
        )

    @property
    def steps(self) -> int:
        """How often `on_step` will be called."""
        searches = len(divisions(self._cores)) * len(BATCHES)
        return self._plan.steps(len(hand_tuned(self._cores)), searches)

    def measure_all(self) -> None:
        """Search what has to be searched, then measure round by round."""
        self._raw_speeds = search(
            self._contenders.bundle_folder,
            self._photos[SMALL],
            self._cores,
            self._plan.search_seconds,
            self._on_step,
        )
        best_raw = max(self._raw_speeds, key=lambda settings: self._raw_speeds[settings])
        for number in range(self._plan.repeats):
            self._measure_server("stock", partial(self._contenders.stock, DOCUMENTED), number)
            for system, backend in HANGTAG.items():
                self._measure_server(system, partial(self._contenders.hangtag, backend), number)
            self._measure_raw(best_raw, number)
        self._measure_hand_tuned()

    def _measure_server(self, system: SystemName, start: StartServer, number: int) -> None:
        observed = self._observed.setdefault(system, _Observed())
        with start() as served:
            observed.settings = served.settings
            observed.startup_s.append(served.startup_s)
            for load in self._plan.loads(system, number):
                self._on_step(f"round {number + 1}, {system}: {load}")
                self._add(system, load.photos, load.clients, number, self._load(served, load))
            observed.memory = read_memory(served.pid)

    def _measure_raw(self, settings: RawSettings, number: int) -> None:
        observed = self._observed.setdefault("raw", _Observed())
        folder, plan = self._contenders.bundle_folder, self._plan
        with RawEngines(folder, settings.processes, settings.threads) as engines:
            observed.settings = engines.describe(settings.batch)
            observed.settings["tried"] = _tried(self._raw_speeds)
            for name, seconds in ((SMALL, plan.seconds), (LARGE, plan.short_seconds)):
                self._on_step(f"round {number + 1}, raw engine: {name}")
                figures = engines.measure(self._photos[name], settings.batch, seconds)
                self._add("raw", name, None, number, figures)
            observed.memory = engines.memory()
        with RawEngines(folder, processes=1, threads=self._cores) as engines:
            self._on_step(f"round {number + 1}, raw engine: one photo at a time")
            figures = engines.measure(self._photos[SMALL], 1, plan.short_seconds)
            self._add("raw", SMALL, 1, number, figures)

    def _measure_hand_tuned(self) -> None:
        """Measure the stock handler with the fastest of other settings."""
        speeds = {each: self._speed_of_stock(each) for each in hand_tuned(self._cores)}
        fastest = max(speeds, key=lambda settings: speeds[settings])
        start = partial(self._contenders.stock, fastest)
        self._measure_server("stock_tuned", start, self._plan.repeats - 1)
        self._observed["stock_tuned"].settings["tried"] = _tried(speeds)

    def _speed_of_stock(self, settings: StockSettings) -> float:
        load = Load(SMALL, self._plan.main_clients, self._plan.search_seconds)
        self._on_step(f"stock, other settings: {load}")
        with self._contenders.stock(settings) as served:
            return self._load(served, load).photos_per_s

    def _load(self, served: Served, load: Load) -> Figures:
        bodies = self._bodies[load.photos]
        return measure_load(served.predictions_url, served.pid, bodies, load.clients, load.seconds)

    def _add(
        self, system: SystemName, photos: str, clients: int | None, number: int, figures: Figures
    ) -> None:
        self.rows.append(
            Row(system=system, photos=photos, clients=clients, round=number, figures=figures)
        )


def _tried(speeds: Mapping[RawSettings, float] | Mapping[StockSettings, float]) -> list[Any]:
    """The settings that were tried, with the photos/s of a short look."""
    return [
        {**asdict(settings), "photos_per_s": round(speed, 2)} for settings, speed in speeds.items()
    ]
