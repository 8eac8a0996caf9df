"""What the benchmark is to show, computed from its rows."""

from collections.abc import Callable, Sequence

from bench.photos import LARGE, SMALL
from bench.report import Figures, Measure, Row, System, SystemName, select

THROUGHPUT_RATIO = 10.0
SHARE_OF_RAW = 0.85
ONE_CLIENT_RATIO = 1.25
LARGE_PHOTO_RATIO = 8.0
WORKER_MB = 700.0
STARTUP_S = 15.0

Load = tuple[SystemName, str, int | None]


def compute_measures(
    rows: Sequence[Row], systems: Sequence[System], clients: int, large_clients: int
) -> tuple[Measure, ...]:
    """Return the measures that the rows allow.

    Each ratio is taken within a round, whose loads ran one after another.

    Parameters
    ----------
    clients, large_clients : that the ratios are measured with, at 224 px and at 12 MP
    """
    hangtag: Load = ("hangtag", SMALL, clients)
    measures = (
        Measure(
            name=f"throughput at {clients} clients, {SMALL}, ÷ stock",
            wanted=THROUGHPUT_RATIO,
            at_least=True,
            rounds=_ratios(rows, _throughput, hangtag, ("stock", SMALL, clients)),
        ),
        # Measured once: what the documented settings leave unused is not our merit.
        Measure(
            name=f"throughput at {clients} clients, {SMALL}, ÷ stock, tuned",
            wanted=None,
            at_least=True,
            rounds=_ratios(rows, _throughput, hangtag, ("stock_tuned", SMALL, clients)),
        ),
        Measure(
            name=f"throughput at {clients} clients, {SMALL}, ÷ raw engine",
            wanted=SHARE_OF_RAW,
            at_least=True,
            rounds=_ratios(rows, _throughput, hangtag, ("raw", SMALL, None)),
        ),
        Measure(
            name="p50 of one client ÷ raw engine's single-photo time",
            wanted=ONE_CLIENT_RATIO,
            at_least=False,
            rounds=_ratios(rows, _p50_ms, ("hangtag", SMALL, 1), ("raw", SMALL, 1)),
        ),
        Measure(
            name=f"throughput at {large_clients} clients, {LARGE}, ÷ stock",
            wanted=LARGE_PHOTO_RATIO,
            at_least=True,
            rounds=_ratios(
                rows,
                _throughput,
                ("hangtag", LARGE, large_clients),
                ("stock", LARGE, large_clients),
            ),
        ),
        *_costs(systems),
    )
    return tuple(measure for measure in measures if measure.rounds)


def _costs(systems: Sequence[System]) -> list[Measure]:
    hangtag = [system for system in systems if system.name == "hangtag"]
    workers_mb = [
        each.rss_bytes / 1e6
        for system in hangtag
        for each in system.memory
        if each.process == "worker"
    ]
    startup_s = tuple(seconds for system in hangtag for seconds in system.startup_s)
    largest_mb = (max(workers_mb),) if workers_mb else ()
    return [
        Measure(
            name="largest worker, MB (RSS)", wanted=WORKER_MB, at_least=False, rounds=largest_mb
        ),
        Measure(name="start to ready, s", wanted=STARTUP_S, at_least=False, rounds=startup_s),
    ]


def _ratios(
    rows: Sequence[Row], figure: Callable[[Figures], float], above: Load, below: Load
) -> tuple[float, ...]:
    divisors = {row.round: figure(row.figures) for row in select(rows, *below)}
    return tuple(
        figure(row.figures) / divisors[row.round]
        for row in select(rows, *above)
        if row.round in divisors
    )


def _throughput(figures: Figures) -> float:
    return figures.photos_per_s


def _p50_ms(figures: Figures) -> float:
    return figures.p50_ms
