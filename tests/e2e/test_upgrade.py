"""`make upgrade-test`: two real servers behind nginx, rolled, stopped and killed under load."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from chaos.backends import backends_of
from chaos.upgrades.proxy import find_nginx
from chaos.upgrades.trials import SHORT, TRIALS
from hangtag.errors import ServerUnavailable

PROJECT = Path(__file__).resolve().parents[2]


def upgrade(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hangtag.cli", "upgrade-test", *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("trials", [SHORT, TRIALS], ids=["short", "all"])
def test_nothing_is_lost(trials: Sequence[str], tiny_archive: Path, tmp_path: Path) -> None:
    try:
        find_nginx()
    except ServerUnavailable as error:
        pytest.skip(str(error))
    output = tmp_path / "upgrade.json"
    only = [argument for trial in trials for argument in ("--only", trial)]
    done = upgrade("--short", *only, "--archive", tiny_archive, "--output", output)
    assert output.exists(), done.stderr
    rows = json.loads(output.read_text())["rows"]
    assert [row for row in rows if not row["held"]] == []
    assert [row["backend"] for row in rows] == [
        backend for backend in backends_of("both") for _ in trials
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert "all held" in done.stdout.splitlines()[-1]


def test_an_unknown_trial_is_named(tiny_archive: Path) -> None:
    done = upgrade("--archive", tiny_archive, "--only", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
