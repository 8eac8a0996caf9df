import json
from pathlib import Path
from typing import Any

import pytest

from bench.report import write_report
from loadtest.capacity_report import (
    CapacityReport,
    benchmark_rate,
    compare,
    facts,
    markdown,
)
from loadtest.planning import Server
from loadtest.rate_search import Attempt, Objectives
from tests.unit.bench.reports import report as benchmark

SETTINGS = {"bundle": "sha256:1", "runtime": "OpenVINO", "precision": "int8"}


def attempt(rate: float = 60.0, passed: bool = True, lag_ms: float = 2.0) -> Attempt:
    return Attempt(
        rate_per_s=rate, seconds=30, answered_per_s=rate, p50_ms=40, p95_ms=80, p99_ms=120,
        failure_percent=0, lag_p99_ms=lag_ms, passed=passed,
    )  # fmt: skip


def made_up(cores: int | None = 2, gpus: int = 0, **changes: Any) -> CapacityReport:
    server = Server(photos_per_s=60, cores=cores, gpus=gpus, memory_mb=1400, mean_photo_bytes=7000)
    fields = {
        "created": "2026-11-23T10:00:00+00:00",
        "commit": None,
        "machine": benchmark().machine,
        "server": server,
        "settings": SETTINGS,
        "objectives": Objectives(),
        "largest": attempt(),
        "attempts": (attempt(70, passed=False), attempt()),
        "cpu_ms_per_photo": 31.2,
        "comparisons": (compare("32 clients, now", attempt(), 63.0),),
        "not_compared": "there is no report",
        **changes,
    }
    return CapacityReport.model_validate(fields)


@pytest.mark.parametrize(
    ("other", "held"), [(60, True), (66, True), (67, False), (55, True), (54, False)]
)
def test_ten_percent_are_the_same(other: float, held: bool) -> None:
    assert compare("other", attempt(60), other).passed == held


def test_without_the_benchmark_they_do_not_agree() -> None:
    near, far = compare("now", attempt(60), 61.0), compare("then", attempt(60), 90.0)
    assert made_up(comparisons=(near,), not_compared="").disagreements == []
    assert made_up(comparisons=(near, far), not_compared="").disagreements == ["then"]
    assert made_up(comparisons=(near,)).disagreements == ["the benchmark: there is no report"]


def test_the_verdict_is_told() -> None:
    near, far = compare("now", attempt(60), 61.0), compare("then", attempt(60), 90.0)
    lines = facts(made_up(comparisons=(near, far)))
    assert lines[:2] == [
        "0.98 of 61.0 photos/s, now: held (within 10%)",
        "0.67 of 90.0 photos/s, then: missed (within 10%)",
    ]


def test_the_report_says_what_carries_how_much() -> None:
    text = markdown(made_up())
    assert "2 cores carry **60.0 photos/s**" in text
    assert "| 70.0 | 70.0 | 40 | 80 | 120 | 0 | missed |" in text
    # 10,000 / (60 x 0.7) = 239 servers, and 24 to spare.
    assert "| 10,000 | 864.0 | 263 | 526 | – | 368.2 | 70.0 |" in text
    assert "No GPU was measured" in text


def test_gpus_are_the_unit_where_there_are_some() -> None:
    text = markdown(made_up(gpus=2, cores=16))
    assert "2 GPUs carry" in text
    assert "One GPU was measured to carry 30" in text


def test_of_a_remote_server_nothing_is_made_up() -> None:
    report = made_up(cores=None)
    assert report.unit == "1 server"
    assert "a core" not in "".join(facts(report))


def test_a_late_generator_is_told() -> None:
    late = made_up(attempts=(attempt(lag_ms=450),))
    assert any("450 ms late" in line for line in facts(late))
    assert not any("late" in line for line in facts(made_up()))


def test_the_report_can_be_read_again() -> None:
    report = made_up()
    text = report.model_dump_json(by_alias=True)
    assert CapacityReport.model_validate_json(text) == report
    assert [attempt["held"] for attempt in json.loads(text)["attempts"]] == [False, True]


def test_the_projects_own_report_can_be_read() -> None:
    stored = Path("bench/results/capacity.json").read_text(encoding="utf-8")
    assert CapacityReport.model_validate_json(stored).largest.passed


class TestBenchmark:
    """What `make bench-serving` measured counts only for the same server."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "serving.json"
        write_report(benchmark(), path)
        return path

    def test_the_same_server(self, path: Path) -> None:
        same = benchmark()
        system = same.system("hangtag")
        assert system is not None
        assert benchmark_rate(path, same.machine, system.settings) == (100.0, "")

    def test_another_machine(self, path: Path) -> None:
        machine = benchmark().machine.model_copy(update={"cores": 64})
        rate, why = benchmark_rate(path, machine, {})
        assert rate is None
        assert "another machine" in why

    def test_another_archive(self, path: Path) -> None:
        rate, why = benchmark_rate(path, benchmark().machine, {"bundle": "sha256:other"})
        assert rate is None
        assert "another archive" in why

    def test_no_report(self, tmp_path: Path) -> None:
        rate, why = benchmark_rate(tmp_path / "none.json", benchmark().machine, {})
        assert rate is None
        assert "`hangtag bench serving` makes it" in why
