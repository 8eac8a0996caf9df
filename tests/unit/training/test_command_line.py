"""What is printed to be copied runs as printed; wrong options are named as they were given."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer
import typer.main

from training.command_line import next_step, python_module, said_plainly
from training.search.train_command import train_command

PROJECT = Path(__file__).parents[3]
# As shops name folders.
FOLDERS = ["runs/plain", "my data", "it's mine", 'the "new" one', "50% off & more; $b", "ü"]


@pytest.fixture
def called(tmp_path: Path) -> Callable[[str], list[str]]:
    """Runs a printed command by a shell and make, with a Python that only tells its arguments."""
    telling = tmp_path / "python"
    telling.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    telling.chmod(0o755)
    # Nothing is installed: what stands for that counts as older than all.
    make = "make --no-print-directory -o .venv/.installed -o .venv/.serving -o check-call"

    def call(command: str) -> list[str]:
        words = command.replace("make", f"{make} RUN_PYTHON={telling}", 1)
        if not command.startswith("make"):
            words = command.replace(shlex.split(command)[0], str(telling), 1)
        done = subprocess.run(  # noqa: S602 - a shell is what it is printed for
            words, shell=True, cwd=PROJECT, capture_output=True, text=True, check=True
        )
        arguments: list[str] = json.loads(done.stdout.splitlines()[-1])
        return arguments

    return call


def parsed(arguments: list[str]) -> dict[str, object]:
    """What the command that make runs would be called with."""
    _, module, *rest = arguments
    command = typer.main.get_command(importlib.import_module(f"{module}.__main__").app)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    return dict(command.make_context(module, rest).params)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    ("target", "variable", "option"),
    [
        ("archive", "BUNDLE", "bundle"),
        ("train", "DATA", "data"),
        ("train", "RESUME", "resume"),
        ("check-exports", "RUN", "run"),
    ],
)
def test_a_next_step_runs_as_printed(
    target: str, variable: str, option: str, folder: str, called: Callable[[str], list[str]]
) -> None:
    assert parsed(called(next_step(target, **{variable: folder})))[option] == Path(folder)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_command_of_a_module_runs_as_printed(
    folder: str, called: Callable[[str], list[str]]
) -> None:
    command = python_module("training.run.exports", "write", "--run", folder, "--format", "pth")
    assert parsed(called(command)) == {"run": Path(folder), "format_": "pth"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_search_found_trains_as_printed(
    folder: str, called: Callable[[str], list[str]]
) -> None:
    chosen = {
        **{"network.backbone": "resnet18", "network.weights": f"{folder}/w.pth"},
        **{"optimizer.lr": 0.002, "network.dropout": 0.1, "schedule.epochs": 2},
    }
    given = parsed(called(train_command(Path(folder), chosen, quick=True)))
    assert given["data"] == Path(folder)
    assert given["weights"] == f"{folder}/w.pth"
    assert given["quick"] is True
    assert given["more"] == ["network.dropout=0.1", "schedule.epochs=2"]


@pytest.mark.parametrize("group", ["Base colour", "it's", "a$b"])
def test_a_setting_that_make_would_take_apart_is_given_to_the_module(
    group: str, called: Callable[[str], list[str]]
) -> None:
    command = train_command(Path("my data"), {"loss.contrastive_group": group, "optimizer.lr": 0.1})
    given = parsed(called(command))
    assert given["more"] == [f"loss.contrastive_group={group}"]
    assert given["learning_rate"] == 0.1
    assert given["data"] == Path("my data")


# Wrong options


def app() -> typer.Typer:
    made = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

    @made.command()
    def compare(
        run: Annotated[Path, typer.Option(help="Folder of a run.")],
        learning_rate: Annotated[float, typer.Option(min=0)] = 1.0,
    ) -> None:
        raise SystemExit(7)

    return made


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str, make: bool) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["compare", *arguments])
    monkeypatch.setitem(os.environ, "MAKELEVEL", "1" if make else "")
    with pytest.raises(SystemExit) as leaving:
        said_plainly(app())()
    return leaving.value.code


@pytest.mark.parametrize(
    ("arguments", "under_make", "alone"),
    [
        (
            ("--learning-rate", "1"),
            "Say which run: RUN=runs/NAME.",
            "Say which run: --run runs/NAME.",
        ),
        (
            ("--run", "a", "--learning-rate", "fast"),
            "RATE must be a number.",
            "--learning-rate must be a number.",
        ),
        (
            ("--run", "a", "--learning-rate", "-1"),
            "RATE must be at least 0.",
            "--learning-rate must be at least 0.",
        ),
    ],
)
def test_a_wrong_option_is_named_as_it_was_given(
    arguments: tuple[str, ...],
    under_make: str,
    alone: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for make, sentence in ((True, under_make), (False, alone)):
        assert call(monkeypatch, *arguments, make=make) == 2
        assert capsys.readouterr().err == f"{sentence}\n"


def test_a_misspelt_option_is_answered_with_the_near_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--rum", "a", make=False) == 2
    assert "--run" in capsys.readouterr().err


def test_the_commands_own_exit_code_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(monkeypatch, "--run", "a", make=False) == 7


@pytest.mark.parametrize(
    ("module", "asked"),
    [
        ("bench.recipes", "Say which run: RUN=runs/NAME."),
        ("training.data_report", "Say which dataset folder: DATA=FOLDER."),
        ("training.search.rate_finder", "Say which dataset folder: DATA=FOLDER."),
        ("training.search", "Say which dataset folder: DATA=FOLDER."),
    ],
)
def test_every_command_asks_for_what_make_did_not_get(module: str, asked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=PROJECT, capture_output=True, text=True,
        env={**os.environ, "MAKELEVEL": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, f"{asked}\n")
