"""Joules out of Linux's powercap files."""

from pathlib import Path

import pytest

from loadtest.energy import joules_between, read_energy


def write_zone(powercap: Path, name: str, microjoules: int) -> None:
    (powercap / name).mkdir(parents=True, exist_ok=True)
    (powercap / name / "energy_uj").write_text(f"{microjoules}\n")
    (powercap / name / "max_energy_range_uj").write_text("9999999\n")


def test_packages_are_summed_and_their_parts_left_out(tmp_path: Path) -> None:
    for zone in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        write_zone(tmp_path, zone, 1_000_000)
    before = read_energy(tmp_path)
    for zone in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        write_zone(tmp_path, zone, 3_500_000)
    assert joules_between(before, read_energy(tmp_path)) == pytest.approx(5.0)


def test_a_counter_that_has_started_again(tmp_path: Path) -> None:
    write_zone(tmp_path, "intel-rapl:0", 9_000_000)
    before = read_energy(tmp_path)
    write_zone(tmp_path, "intel-rapl:0", 500_000)
    assert joules_between(before, read_energy(tmp_path)) == pytest.approx(1.5)


def test_without_counters_there_are_no_joules(tmp_path: Path) -> None:
    assert read_energy(tmp_path / "missing") is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert read_energy(tmp_path) is None
    assert joules_between(None, None) is None
