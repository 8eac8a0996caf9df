"""The chaos suite in short, and what its fuzzing found, on live servers of both backends."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.backends import backends_of
from chaos.fuzzing.cases import FuzzCase, kept_cases
from chaos.fuzzing.judgement import complaint
from chaos.server import ServerUnderTrial
from chaos.trials import TRIALS
from loadtest.client.wire import ask_once
from server.temporary import serving

PROJECT = Path(__file__).resolve().parents[2]
BACKENDS = backends_of("both")
KEPT = sorted(kept_cases(Path(__file__).parent / "fuzz_cases"), key=lambda case: case.kind)


@pytest.fixture(scope="module", params=BACKENDS)
def server(tiny_archive: Path, request: pytest.FixtureRequest) -> Iterator[ServerUnderTrial]:
    with serving(tiny_archive, backend=request.param) as address:
        yield ServerUnderTrial(address, tiny_archive)


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.kind)
def test_what_was_found_once_is_answered_as_the_contract_says(
    server: ServerUnderTrial, case: FuzzCase
) -> None:
    workers = server.health().worker_pids
    timeout_s = 1.0 if case.malformed else 10.0
    answer = asyncio.run(ask_once(server.address, case.request, timeout_s))
    assert complaint(case, answer) is None
    assert server.health().worker_pids == workers


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_holds_in_short(tiny_archive: Path, tmp_path: Path, backend: str) -> None:
    output = tmp_path / "chaos.json"
    command = [
        sys.executable,
        "-m",
        "hangtag.cli",
        "chaos",
        "--short",
        "--backend",
        backend,
        "--archive",
        str(tiny_archive),
    ]
    done = subprocess.run(
        [*command, "--output", str(output)], cwd=PROJECT, capture_output=True, text=True
    )
    rows = json.loads(output.read_text())["rows"]
    assert [row for row in rows if not row["held"]] == []
    assert [row["backend"] for row in rows] == [backend] * len(TRIALS)
    assert (done.returncode, done.stderr) == (0, "")
    assert "all held" in done.stdout.splitlines()[-1]


def test_an_unknown_trial_is_named(tiny_archive: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "hangtag.cli",
        "chaos",
        "--archive",
        str(tiny_archive),
        "--only",
        "nonsense",
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
