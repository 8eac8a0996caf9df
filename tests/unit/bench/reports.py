"""A report made up for tests: Hangtag has 10 times the stock's throughput, and so on."""

from bench.measures import compute_measures
from bench.photos import LARGE, SMALL
from bench.report import (
    Figures,
    Photos,
    Report,
    Row,
    System,
    SystemName,
)
from loadtest.machine import Machine
from loadtest.processes import ProcessMemory

CLIENTS, LARGE_CLIENTS = 32, 16


def figures(photos_per_s: float, p50_ms: float = 50.0) -> Figures:
    return Figures(
        seconds=10,
        photos=round(10 * photos_per_s),
        photos_per_s=photos_per_s,
        p50_ms=p50_ms,
        p99_ms=2 * p50_ms,
        cpu_s_per_photo=0.02,
        own_cpu_s_per_photo=0.001,
        client_cpu_s_per_photo=0.0002,
    )


def row(
    system: SystemName, photos: str, clients: int | None, number: int, measured: Figures
) -> Row:
    return Row(system=system, photos=photos, clients=clients, round=number, figures=measured)


def rows_of_round(number: int, hangtag_per_s: float = 100.0) -> list[Row]:
    return [
        row("stock", SMALL, CLIENTS, number, figures(10.0)),
        row("stock", LARGE, LARGE_CLIENTS, number, figures(4.0)),
        row("hangtag", SMALL, CLIENTS, number, figures(hangtag_per_s)),
        row("hangtag", LARGE, LARGE_CLIENTS, number, figures(40.0)),
        row("hangtag", SMALL, 1, number, figures(25.0, p50_ms=36.0)),
        row("hangtag_local", SMALL, CLIENTS, number, figures(1.05 * hangtag_per_s)),
        row("hangtag_local", SMALL, 1, number, figures(28.0, p50_ms=33.0)),
        row("raw", SMALL, None, number, figures(110.0)),
        row("raw", SMALL, 1, number, figures(30.0, p50_ms=30.0)),
    ]


def report(rounds: int = 3) -> Report:
    rows = [
        row("stock_tuned", SMALL, CLIENTS, rounds - 1, figures(12.5)),
        *(each for number in range(rounds) for each in rows_of_round(number)),
    ]
    return Report(
        created="2026-11-23T10:00:00+00:00",
        commit="0123abc",
        model="resnet152 at 224 px",
        weights="none: random weights",
        minutes=11.5,
        machine=Machine(
            cpu="Some CPU",
            cores=2,
            flags=("amx_bf16",),
            memory_bytes=8 * 2**30,
            system="Some Linux",
            versions={"torch": "2.14"},
        ),
        photos=Photos(source="real photos", counts={SMALL: 64}, mean_bytes={SMALL: 7000}),
        systems=(
            System(
                name="stock",
                settings={"workers": 2, "batch_size": 8},
                startup_s=(9.0, 30.0, 10.0),
                memory=(
                    ProcessMemory(process="JVM", rss_bytes=400_000_000, pss_bytes=300_000_000),
                    ProcessMemory(process="worker", rss_bytes=900_000_000),
                ),
            ),
            System(name="hangtag", settings={"precision": "bf16", "bundle": "sha256:0"}),
        ),
        rows=tuple(rows),
        measures=compute_measures(rows, (), CLIENTS, LARGE_CLIENTS),
    )
