"""The promised ratios."""

import pytest

from bench.measures import compute_measures
from bench.report import Measure, System
from loadtest.processes import ProcessMemory
from tests.unit.bench.reports import CLIENTS, LARGE_CLIENTS, report, rows_of_round


def measured_of(title: str) -> dict[str, tuple[float | None, float, bool]]:
    """Name -> wanted, measured and whether it held, of one system's measures."""
    return {
        each.name.removeprefix(f"{title}: "): (
            each.wanted,
            round(each.measured, 3),
            each.passed,
        )
        for each in report().measures
        if each.name.startswith(f"{title}: ")
    }


def test_each_ratio_is_taken_within_its_round() -> None:
    rows = [*rows_of_round(0, hangtag_per_s=80), *rows_of_round(1, hangtag_per_s=120)]
    against_stock, *_ = compute_measures(rows, (), CLIENTS, LARGE_CLIENTS)
    assert against_stock.rounds == (8.0, 12.0)
    assert against_stock.measured == 10.0
    assert against_stock.passed


def test_the_measures_of_the_issue_and_the_tuned_stock_beside_them() -> None:
    assert measured_of("Hangtag") == {
        "throughput at 32 clients, 224 px, ÷ stock": (10.0, 10.0, True),
        "throughput at 32 clients, 224 px, ÷ stock, tuned": (None, 8.0, True),
        "throughput at 16 clients, 12 MP, ÷ stock": (8.0, 10.0, True),
        "throughput at 32 clients, 224 px, ÷ raw engine": (0.85, 0.909, True),
        "p50 of one client ÷ raw engine's single-photo time": (1.25, 1.2, True),
        "the edge's own CPU ms a request": (1.5, 1.0, True),
    }


def test_more_is_wanted_of_workers_without_java() -> None:
    measured = measured_of("Hangtag, local")
    assert measured["throughput at 32 clients, 224 px, ÷ raw engine"] == (0.92, 0.955, True)
    lone = measured["p50 of one client ÷ raw engine's single-photo time"]
    assert lone == (1.12, 1.1, True)


def test_less_is_wanted_where_the_network_is_quick() -> None:
    rows = rows_of_round(0)
    measures = compute_measures(rows, (), CLIENTS, LARGE_CLIENTS, "tf_efficientnet_lite0")
    shares = [each.wanted for each in measures if each.name.endswith("224 px, ÷ raw engine")]
    assert shares == [0.75, 0.85]


def test_what_java_takes_is_what_workers_without_it_save() -> None:
    systems = [
        System(name=name, settings={}, memory=memory)
        for name, memory in (
            ("hangtag", (held("worker", 600), held("JVM", 350))),
            ("hangtag_local", (held("worker", 610),)),
        )
    ]
    saved = compute_measures([], systems, CLIENTS, LARGE_CLIENTS)[-1]
    assert (saved.name, saved.measured, saved.passed) == (
        "memory that Hangtag, local, saves, MB (PSS)",
        340.0,
        True,
    )
    # Of one alone, nothing can be said.
    names = [each.name for each in compute_measures([], systems[:1], CLIENTS, LARGE_CLIENTS)]
    assert names == ["Hangtag: largest worker, MB (RSS)"]


def held(process: str, megabytes: int) -> ProcessMemory:
    size = megabytes * 1_000_000
    return ProcessMemory(process=process, rss_bytes=size, pss_bytes=size)


def test_a_ratio_without_its_pair_is_left_out() -> None:
    names = [each.name for each in compute_measures(rows_of_round(0), (), CLIENTS, LARGE_CLIENTS)]
    assert not any("tuned" in name for name in names)
    assert len(names) == 9


@pytest.mark.parametrize(
    ("at_least", "rounds", "held"),
    [
        (True, (9.0, 10.0, 30.0), True),
        (True, (9.9, 9.9, 30.0), False),
        (False, (10.0,), True),
        (False, (10.1, 9.0, 10.2), False),
    ],
)
def test_the_median_decides(at_least: bool, rounds: tuple[float, ...], held: bool) -> None:
    assert Measure(name="x", wanted=10, at_least=at_least, rounds=rounds).passed is held
