from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.__main__ import read_limits

HEADER = "Type,Name,Request Count,Failure Count,Requests/s,95%\n"


def held(tmp_path: Path, total: str) -> list[bool]:
    stats = tmp_path / "run_stats.csv"
    stats.write_text(HEADER + "POST,one photo,1,0,9,1\n" + f",Aggregated,{total}\n")
    limits = read_limits(stats, max_p95_ms=100, max_failure_percent=1, min_rps=5)
    return [limit.held for limit in limits]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ("1000,10,5.0,100", [True, True, True]),
        ("1000,0,20,101", [False, True, True]),
        ("1000,11,20,50", [True, False, True]),
        ("1000,0,4.9,50", [True, True, False]),
        ("0,0,0,N/A", [False, False, False]),
    ],
    ids=["at the limits", "slow", "failing", "too few", "nothing sent"],
)
def test_each_limit_is_held_or_missed(tmp_path: Path, total: str, expected: list[bool]) -> None:
    assert held(tmp_path, total) == expected
