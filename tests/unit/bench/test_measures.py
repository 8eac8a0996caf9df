"""The promised ratios."""

import pytest

from bench.measures import compute_measures
from bench.report import Measure
from tests.unit.bench.reports import CLIENTS, LARGE_CLIENTS, report, rows_of_round


def test_each_ratio_is_taken_within_its_round() -> None:
    rows = [*rows_of_round(0, hangtag_per_s=80), *rows_of_round(1, hangtag_per_s=120)]
    against_stock, *_ = compute_measures(rows, (), CLIENTS, LARGE_CLIENTS)
    assert against_stock.rounds == (8.0, 12.0)
    assert against_stock.measured == 10.0
    assert against_stock.passed


def test_the_measures_of_the_issue_and_the_tuned_stock_beside_them() -> None:
    measured = [(each.wanted, round(each.measured, 3), each.passed) for each in report().measures]
    assert measured == [
        (10.0, 10.0, True),
        (None, 8.0, True),
        (0.85, 0.909, True),
        (1.25, 1.2, True),
        (8.0, 10.0, True),
    ]


def test_a_ratio_without_its_pair_is_left_out() -> None:
    names = [each.name for each in compute_measures(rows_of_round(0), (), CLIENTS, LARGE_CLIENTS)]
    assert not any("tuned" in name for name in names)
    assert len(names) == 4


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
