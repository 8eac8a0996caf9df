"""serving.json."""

from pathlib import Path

import pytest

from bench.photos import LARGE, SMALL
from bench.report import percentiles_ms, read_report, write_report
from tests.unit.bench.reports import CLIENTS, report


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    written = report()
    write_report(written, tmp_path / "results" / "serving.json")
    assert read_report(tmp_path / "results" / "serving.json") == written


def test_figures_are_the_median_of_the_rounds() -> None:
    throughput = report().median_of(lambda each: each.photos_per_s, "hangtag", SMALL, CLIENTS)
    assert throughput == 100.0


def test_what_was_not_measured_has_no_median() -> None:
    assert report().median_of(lambda each: each.photos_per_s, "hangtag", SMALL, 7) is None
    assert report().median_of(lambda each: each.joules_per_photo, "hangtag", SMALL, 32) is None


def test_the_raw_engine_counts_as_no_client() -> None:
    assert report().client_counts(SMALL) == [1, 32]
    assert report().client_counts(LARGE) == [16]


def test_percentiles() -> None:
    p50_ms, p99_ms = percentiles_ms([number / 1000 for number in range(1, 102)])
    assert (p50_ms, p99_ms) == pytest.approx((51.0, 100.0))
