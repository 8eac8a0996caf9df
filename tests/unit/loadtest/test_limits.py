from pathlib import Path

import pytest

from loadtest.limits import limits_of, read_exceptions, read_measured

HEADER = "Type,Name,Request Count,Failure Count,50%,95%,99%\n"


def held(tmp_path: Path, total: str) -> list[bool]:
    stats = tmp_path / "run_stats.csv"
    stats.write_text(HEADER + "POST,one photo,1,0,1,1,1\n" + f",Aggregated,{total}\n")
    *_, measured = read_measured(stats, duration_s=10)
    limits = limits_of(
        measured,
        max_p50_ms=50,
        max_p95_ms=100,
        max_p99_ms=200,
        max_failure_percent=1,
        min_rps=5,
    )
    return [limit.passed for limit in limits]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ("50,0,50,100,200", [True, True, True, True, True]),
        ("1000,10,50,100,200", [True, True, True, True, True]),
        ("1000,0,51,100,200", [False, True, True, True, True]),
        ("1000,0,50,101,200", [True, False, True, True, True]),
        ("1000,0,50,100,201", [True, True, False, True, True]),
        ("1000,11,50,50,50", [True, True, True, False, True]),
        ("49,0,50,50,50", [True, True, True, True, False]),
        ("0,0,N/A,N/A,N/A", [False, False, False, False, False]),
    ],
    ids=[
        "as few as may be",
        "at the limits",
        "p50",
        "p95",
        "p99",
        "failing",
        "too few",
        "nothing sent",
    ],
)
def test_each_limit_is_held_or_missed(tmp_path: Path, total: str, expected: list[bool]) -> None:
    assert held(tmp_path, total) == expected


def test_each_kind_of_request_has_its_line(tmp_path: Path) -> None:
    stats = tmp_path / "run_stats.csv"
    stats.write_text(HEADER + "POST,one photo,200,4,10,20,30\n,Aggregated,200,4,10,20,30\n")
    first, total = read_measured(stats, duration_s=10)
    assert first.rate_per_s == 20
    assert (first.name, first.failure_percent, total.name) == ("one photo", 2.0, "Aggregated")
    assert first.waiting_ms == {50: 10.0, 95: 20.0, 99: 30.0}


def test_what_broke_in_the_clients_is_read(tmp_path: Path) -> None:
    exceptions = tmp_path / "run_exceptions.csv"
    exceptions.write_text("Count,Message,Traceback,Nodes\n")
    assert read_exceptions(exceptions) == []
    exceptions.write_text('Count,Message,Traceback,Nodes\n2,no photos,"File\nline",local\n')
    assert read_exceptions(exceptions) == ["no photos"]
