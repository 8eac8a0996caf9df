"""Every `Next:` that a command prints runs as printed, whatever its folders are called."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hangtag.cli.app import app

PROJECT = Path(__file__).parents[2]
COLOURS = ("Red", "Blue", "Green")
LABELS = {"red": "Red", "blue": "Blue", "green": "Green"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset whose path has a space and a quote."""
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "shop's data" / "spring 2026"
    (made / "images").mkdir(parents=True)
    rows = ["image,labels,title,product_id"]
    for number in range(12):
        colour = COLOURS[number % 3]
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(noise).resize((64, 64)).save(made / "images" / f"{number}.png")
        rows.append(f"{number}.png,{colour.lower()},{colour} cotton shirt,{number}")
    (made / "products.csv").write_text("\n".join(rows) + "\n")
    (made / "labels.json").write_text(json.dumps(LABELS))
    return made


@pytest.fixture(params=["make", "shell"], autouse=True)
def _caller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has started the command that prints."""
    if request.param == "make":
        monkeypatch.setenv("HANGTAG_MAKE", "1")
    else:
        monkeypatch.delenv("HANGTAG_MAKE", raising=False)


@pytest.fixture
def runs_as_printed(tmp_path: Path) -> Callable[[str], list[str]]:
    """Returns what the printed command gives `hangtag`."""
    telling = tmp_path / "python"
    telling.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    telling.chmod(0o755)

    def call(screen: str) -> list[str]:
        (command,) = [line.removeprefix("Next: ") for line in screen.splitlines()
                      if line.startswith("Next: ")]  # fmt: skip
        # Nothing is installed: what stands for that counts as older than all.
        made = (
            "make --no-print-directory -o .venv/.installed -o .venv/.serving -o check-call "
            f"RUN_PYTHON={telling}"
        )
        first = shlex.split(command)[0]
        stand_in = made if first == "make" else f"{telling} -m hangtag.cli"
        done = subprocess.run(  # noqa: S602 - a shell is what it is printed for
            command.replace(first, stand_in, 1),
            shell=True, cwd=PROJECT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        module, name, *arguments = json.loads(done.stdout.splitlines()[-1])
        assert (module, name) == ("-m", "hangtag.cli")
        return [str(each) for each in arguments]

    return call


def screen_of(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_mining(folder: Path, runs_as_printed: Callable[[str], list[str]]) -> None:
    out = folder.parent / "mined data"
    screen = screen_of("labels", "mine", "--data", folder, "--out", out, "--least-count", 2)
    assert runs_as_printed(screen) == ["train", "--data", str(out)]


def test_the_data_report(folder: Path, runs_as_printed: Callable[[str], list[str]]) -> None:
    out = folder.parent / "a report"
    screen = screen_of("data-report", "--data", folder, "--out", out, "--no-scores")
    assert runs_as_printed(screen) == ["train", "--data", str(folder)]


def test_planning_and_applying_a_migration(
    folder: Path, runs_as_printed: Callable[[str], list[str]]
) -> None:
    plan = folder.parent / "the plan.json"
    screen = screen_of(
        "labels", "migrate", "plan", "--labels", folder / "labels.json", "--to-version", "2",
        "--out", plan, "--merge", "blue=green", "--data", folder,
    )  # fmt: skip
    arguments = runs_as_printed(screen)
    out = arguments[arguments.index("--out") + 1]
    screen = screen_of(*arguments)
    assert runs_as_printed(screen) == ["train", "--data", out]
    assert json.loads((Path(out) / "labels.json").read_text())["version"] == "2"
