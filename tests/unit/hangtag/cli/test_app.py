"""One command line: what it lists, what it imports, what it says of a wrong call."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hangtag.cli.app import app
from hangtag.cli.commands import COMMANDS, EXAMPLES
from hangtag.cli.wording import MAKE_TARGETS

PROJECT = Path(__file__).parents[4]


def call(*arguments: str, cwd: Path = PROJECT, timeout_s: float = 60) -> tuple[int, str, str]:
    """Run `hangtag`; return its exit code, stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "hangtag.cli", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=timeout_s,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


# As a user's shell has it: the tests' own names the checkout.
USERS = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_help_lists_each_command_with_what_it_does() -> None:
    code, said, _ = call("--help")
    assert code == 0
    for name, command in COMMANDS.items():
        assert f"  {name}  " in said
        assert command.help.split()[0] in said


def test_help_imports_no_command() -> None:
    program = (
        "import sys; sys.argv = ['hangtag', '--help']\n"
        "from hangtag.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'rich', 'numpy', 'pydantic', 'training', 'server'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_that_is_parsed(name: str) -> None:
    require_examples(typer.main.get_command(app).commands[name].load(), name)  # type: ignore[attr-defined]


def require_examples(command: Any, name: str) -> None:
    begin = f"Example: hangtag {name}"
    assert command.epilog.startswith(begin)
    words = shlex.split(command.epilog.removeprefix(begin))
    called = command
    while hasattr(called, "commands"):
        called = called.commands[words.pop(0)]
    known = {option: parameter for parameter in called.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= set(known)
    # A command that needs an option shows it.
    needed = {option for option, parameter in known.items() if parameter.required}
    assert needed <= {*words} | {option for option in needed if not option.startswith("--")}
    for verb, inner in getattr(command, "commands", {}).items():
        require_examples(inner, f"{name} {verb}")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_it_says_of_itself(name: str) -> None:
    command = typer.main.get_command(app).commands[name].load()  # type: ignore[attr-defined]
    assert command.name == name
    assert command.help or hasattr(command, "commands")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "There is no command 'trian' (did you mean 'train'?); --help lists what there"),
        (["xyz"], "There is no command 'xyz'; --help lists what there is."),
        (["mine"], "There is no command 'mine' (it is `hangtag labels mine`); --help lists what"),
        (
            ["bench", "tune"],
            "There is no command 'bench tune' (it is `hangtag tune`); --help lists",
        ),
        (["search", "--lr", "3"], "There is no option --lr; --help lists what there is."),
        (["train", "--lr", "3"], "There is no option --lr (did you mean '--learning-rate'?);"),
        (["migrate"], "There is no command 'migrate' (it is `hangtag labels migrate`); --help"),
        (["check-exports"], "There is no command 'check-exports' (it is `hangtag export check`);"),
        (
            ["labels", "min"],
            "There is no command 'min' of `hangtag labels` (did you mean 'mine'?);",
        ),
        (
            ["train", "--dat", "x"],
            "There is no option --dat (did you mean '--data'?); --help lists",
        ),
        (["tag", "a", "--outt", "x"], "There is no option --outt (did you mean '--out'?); --help"),
        (["train", "my data"], "'my data' belongs to no option; write --data 'my data'; --help"),
        (["data-report"], "Say which dataset folder: --data FOLDER."),
        (["search", "--data", "x", "--trials", "many"], "--trials must be a whole number."),
        (["tag", "--out", "x.csv"], "Missing argument 'FOLDER|CSV|PARQUET'; --help lists"),
    ],
)
def test_a_wrong_call_ends_with_one_sentence(arguments: list[str], said: str) -> None:
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    (sentence,) = err.splitlines()
    assert sentence.startswith(said)


def test_no_command_at_all_lists_them() -> None:
    code, out, err = call()
    assert code == 2
    assert "find-rate" in out + err


def test_its_version_is_that_of_the_package() -> None:
    code, said, _ = call("--version")
    assert (code, said) == (0, "hangtag 0.1.0\n")


@pytest.mark.parametrize(
    ("words", "completed"), [("tra", "train"), ("labels c", "consensus"), ("tag --bu", "--bundle")]
)
def test_a_shell_completes_commands_and_options(words: str, completed: str) -> None:
    line = f"hangtag {words}"
    completing = {
        "_HANGTAG_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "hangtag.cli"],
        cwd=PROJECT, env={**os.environ, **completing}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [completed]


def test_a_command_of_the_checkout_runs_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hangtag"), "export", "check", "--help"],
        cwd=tmp_path, env=USERS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Example: hangtag export check --run runs/NAME" in done.stdout
    assert "Compare the scores of every format" in done.stdout


def test_every_command_has_a_target_of_make_or_is_known_to_have_none() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile, re.MULTILINE))
    groups = {name.partition(" ")[0] for name in EXAMPLES}
    named = {MAKE_TARGETS.get(name, name) for name in {*COMMANDS, *EXAMPLES} - groups} - {None}
    assert named - {"labels migrate"} <= targets
