"""`hangtag bench` as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.photos import LARGE, SMALL, render_photos
from bench.random_bundle import write_random_bundle
from bench.report import read_report
from bench.tables import BLOCK_BEGIN, BLOCK_END
from server.packaging import make_archive
from tests.integration.test_bench_systems import needs_captum

PROJECT = Path(__file__).parents[2]
TIMEOUT_S = 900


def bench(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    search_path = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-m", "hangtag.cli", "bench", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What a command says that has failed."""
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("command", ["model", "serving"])
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    done = bench(tmp_path, command, "--help")
    assert done.returncode == 0
    assert "--archive" in done.stdout


@needs_captum
def test_a_missing_archive_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = bench(tmp_path, "serving")
    assert done.returncode == 1
    assert "There is no archive model_store/tagger-resnet152.mar" in sentence(done)


@needs_captum
def test_an_archive_without_its_weights_is_said_in_one_sentence(
    tiny_archive: Path, tmp_path: Path
) -> None:
    done = bench(tmp_path, "serving", "--archive", tiny_archive)
    assert done.returncode == 1
    assert "was made of is not under runs/" in sentence(done)


@needs_captum
@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_S)
def test_a_whole_run_with_a_small_network(tmp_path: Path) -> None:
    photos = render_photos(tmp_path / "demo", 30)
    write_random_bundle(tmp_path / "runs" / "small", photos, backbone="resnet18", size_px=64)
    make_archive(tmp_path / "runs" / "small", tmp_path / "small.mar", "1.0")
    page = tmp_path / "docs" / "benchmarks.md"
    page.parent.mkdir()
    page.write_text(f"# Title\n{BLOCK_BEGIN}\n{BLOCK_END}\n")
    options = ("--archive", "small.mar", "--seconds", 2, "--repeats", 1, "--clients", "1,4")
    done = bench(tmp_path, "serving", *options)
    assert done.returncode == 0, done.stderr
    results = tmp_path / "bench" / "results"
    assert done.stdout.strip().endswith("plot and Markdown beside it.")
    report = read_report(results / "serving.json")
    assert report.client_counts(SMALL) == [1, 4]
    assert report.client_counts(LARGE) == [4]
    assert [system.name for system in report.systems] == [
        *("stock", "hangtag", "hangtag_local", "raw", "stock_tuned")
    ]
    assert len(report.measures) == 17
    assert all(row.figures.photos_per_s > 0 for row in report.rows)
    assert json.loads((results / "serving.json").read_text())["machine"]["cores"] >= 1
    assert (results / "serving.png").stat().st_size > 10_000
    assert (results / "serving.md").read_text() in page.read_text()
