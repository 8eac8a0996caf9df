"""What is printed to be copied runs as printed; wrong options are named as they were given."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
import typer.main

from hangtag.cli.app import app
from hangtag.cli.usage import said_plainly
from hangtag.cli.wording import command
from training.commands.train_command import train_command

PROJECT = Path(__file__).parents[4]
# As shops name folders.
FOLDERS = ["runs/plain", "my data", "it's mine", 'the "new" one', "50% off & more; $b", "ü"]


@pytest.fixture
def called(tmp_path: Path) -> Callable[[str], dict[str, object]]:
    """Runs a printed command by a shell, and returns what `hangtag` would be called with."""
    telling = tmp_path / "python"
    telling.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    telling.chmod(0o755)
    # Nothing is installed: what stands for that counts as older than all.
    make = "make --no-print-directory -o .venv/.installed -o .venv/.serving -o check-call"

    def call(printed: str) -> dict[str, object]:
        words = printed.replace("make", f"{make} RUN_PYTHON={telling}", 1)
        if not printed.startswith("make"):
            words = printed.replace(shlex.split(printed)[0], f"{telling} -m hangtag.cli", 1)
        done = subprocess.run(  # noqa: S602 - a shell is what it is printed for
            words, shell=True, cwd=PROJECT, capture_output=True, text=True, check=True
        )
        _, module, *arguments = json.loads(done.stdout.splitlines()[-1])
        assert module == "hangtag.cli"
        return parsed(arguments)

    return call


def parsed(arguments: list[str]) -> dict[str, object]:
    called: Any = typer.main.get_command(app)
    while hasattr(called, "commands"):
        found = called.commands[arguments.pop(0)]
        called = found.load() if hasattr(found, "load") else found
    return dict(called.make_context("hangtag", arguments).params)


@pytest.fixture(params=["make", "shell"])
def _caller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has started the command that prints."""
    if request.param == "make":
        monkeypatch.setenv("HANGTAG_MAKE", "1")
    else:
        monkeypatch.delenv("HANGTAG_MAKE", raising=False)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    ("verb", "option"),
    [("archive", "bundle"), ("train", "data"), ("train", "resume"), ("export check", "run")],
)
@pytest.mark.usefixtures("_caller")
def test_a_next_step_runs_as_printed(
    verb: str, option: str, folder: str, called: Callable[[str], dict[str, object]]
) -> None:
    assert called(command(verb, **{option: folder}))[option] == Path(folder)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.usefixtures("_caller")
def test_a_command_that_make_has_no_target_for_runs_as_printed(
    folder: str, called: Callable[[str], dict[str, object]]
) -> None:
    printed = command("export write", run=folder, format="pth")
    assert called(printed) == {"run": Path(folder), "format_": "pth"}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.usefixtures("_caller")
def test_what_a_search_found_trains_as_printed(
    folder: str, called: Callable[[str], dict[str, object]]
) -> None:
    chosen = {
        **{"network.backbone": "resnet18", "network.weights": f"{folder}/w.pth"},
        **{"optimizer.lr": 0.002, "network.dropout": 0.1, "schedule.epochs": 2},
    }
    given = called(train_command(Path(folder), chosen, quick=True))
    assert given["data"] == Path(folder)
    assert given["weights"] == f"{folder}/w.pth"
    assert given["quick"] is True
    assert given["more"] == ["network.dropout=0.1", "schedule.epochs=2"]


@pytest.mark.parametrize("group", ["Base colour", "it's", "a$b"])
@pytest.mark.usefixtures("_caller")
def test_a_setting_that_make_would_take_apart_is_given_to_hangtag(
    group: str, called: Callable[[str], dict[str, object]]
) -> None:
    chosen = {"loss.contrastive_group": group, "optimizer.lr": 0.1}
    given = called(train_command(Path("my data"), chosen))
    assert given["more"] == [f"loss.contrastive_group={group}"]
    assert given["learning_rate"] == 0.1
    assert given["data"] == Path("my data")


@pytest.mark.parametrize(
    ("path", "said"),
    [(".venv/bin/hangtag", ".venv/bin/hangtag"), ("my env/bin/hangtag", "'my env/bin/hangtag'")],
)
def test_hangtag_is_named_by_where_it_is(
    path: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANGTAG_MAKE", raising=False)
    monkeypatch.chdir(tmp_path)
    program = tmp_path / path
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    assert command("labels mine", data="x") == f"{said} labels mine --data x"
    monkeypatch.setenv("PATH", str(program.parent))
    assert command("labels mine", data="x") == "hangtag labels mine --data x"
    program.unlink()
    python = shlex.quote(str(program.with_name("python")))
    assert command("train") == f"{python} -m hangtag.cli train"


# Wrong options


def small_app() -> typer.Typer:
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
    monkeypatch.setitem(os.environ, "HANGTAG_MAKE", "1" if make else "")
    with pytest.raises(SystemExit) as leaving:
        said_plainly(small_app())()
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
    ("verb", "asked"),
    [
        ("baselines", "Say which run: RUN=runs/NAME."),
        ("data-report", "Say which dataset folder: DATA=FOLDER."),
        ("find-rate", "Say which dataset folder: DATA=FOLDER."),
        ("search", "Say which dataset folder: DATA=FOLDER."),
    ],
)
def test_every_command_asks_for_what_make_did_not_get(verb: str, asked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hangtag.cli", verb], cwd=PROJECT, capture_output=True, text=True,
        env={**os.environ, "HANGTAG_MAKE": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, f"{asked}\n")
