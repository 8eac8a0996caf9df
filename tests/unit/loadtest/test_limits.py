from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.limits import limits_of, read_measured

HEADER = "Type,Name,Request Count,Failure Count,Requests/s,50%,95%,99%\n"


def held(tmp_path: Path, total: str) -> list[bool]:
    stats = tmp_path / "run_stats.csv"
    stats.write_text(HEADER + "POST,one photo,1,0,9,1,1,1\n" + f",Aggregated,{total}\n")
    *_, measured = read_measured(stats)
    limits = limits_of(
        measured,
        max_p50_ms=50,
        max_p95_ms=100,
        max_p99_ms=200,
        max_failure_percent=1,
        min_rps=5,
    )
    return [limit.held for limit in limits]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ("1000,10,5.0,50,100,200", [True, True, True, True, True]),
        ("1000,0,20,51,100,200", [False, True, True, True, True]),
        ("1000,0,20,50,101,200", [True, False, True, True, True]),
        ("1000,0,20,50,100,201", [True, True, False, True, True]),
        ("1000,11,20,50,50,50", [True, True, True, False, True]),
        ("1000,0,4.9,50,50,50", [True, True, True, True, False]),
        ("0,0,0,N/A,N/A,N/A", [False, False, False, False, False]),
    ],
    ids=["at the limits", "p50", "p95", "p99", "failing", "too few", "nothing sent"],
)
def test_each_limit_is_held_or_missed(tmp_path: Path, total: str, expected: list[bool]) -> None:
    assert held(tmp_path, total) == expected


def test_each_kind_of_request_has_its_line(tmp_path: Path) -> None:
    stats = tmp_path / "run_stats.csv"
    stats.write_text(HEADER + "POST,one photo,200,4,9,10,20,30\n,Aggregated,200,4,9,10,20,30\n")
    first, total = read_measured(stats)
    assert (first.name, first.failure_percent, total.name) == ("one photo", 2.0, "Aggregated")
    assert first.waiting_ms == {50: 10.0, 95: 20.0, 99: 30.0}
