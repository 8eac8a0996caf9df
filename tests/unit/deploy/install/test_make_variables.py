"""What make would ignore is refused, with the near name, before anything is installed."""

import subprocess
from pathlib import Path

import pytest

from deploy.install.make_variables import fault, read_goals

PROJECT = Path(__file__).parents[4]
GOALS = read_goals((PROJECT / "Makefile").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("called", "given", "words"),
    [
        (["train"], {"DATA": ".", "EPOCH": "3"}, "`make train` has no EPOCH (did you mean EPOCHS"),
        (["train"], {"DATA": ".", "epochs": "3"}, "has no epochs (did you mean EPOCHS"),
        (
            ["train"],
            {"DATA": ".", "QUICK": "yes"},
            "QUICK is a switch: write QUICK=1, or leave it out; QUICK=yes is neither.",
        ),
        (["chaos"], {"SHORT": "true"}, "SHORT is a switch"),
        (["train"], {"BESIDE": "runs/a"}, "`make train` has no BESIDE"),
        (["lint"], {"FIX": "1"}, "`make lint` has no FIX; it takes no variables"),
        (["serve"], {"ARCHIV": "a.mar"}, "(did you mean ARCHIVE?); it takes ARCHIVE, PORT"),
        (["train", "archive"], {"DATA": ".", "ARCHIVES": "a"}, "`make train archive` has no"),
        ([], {"DATA": "."}, "`make help` has no DATA"),
        (["trian"], {}, "There is no `make trian` (did you mean train"),
        (["train"], {}, "`make train` wants DATA=…, or RESUME=…."),
        (["mine"], {"DATA": "."}, "`make mine` wants DATA=… OUT=…."),
        (["check-exports"], {}, "`make check-exports` wants RUN=…."),
        (["train"], {"DATA": "~no-such-user/data"}, "DATA=~no-such-user/data is not there"),
        (["train"], {"DATA": "no/such/folder"}, "DATA=no/such/folder is not there"),
    ],
)
def test_a_wrong_call_is_one_sentence(called: list[str], given: dict[str, str], words: str) -> None:
    assert words in str(fault(GOALS, called, given))


@pytest.mark.parametrize(
    ("called", "given"),
    [
        ([], {}),
        (["serve"], {"PORT": "9000", "PYTHON": "python3.12"}),
        (["archive"], {"BUNDLE": "runs/a/bundle", "VERSION": "2.0"}),
        (["train"], {"DATA": ".", "QUICK": "1", "SKIP_BAD": "0", "SET": "loss=bce"}),
        (["train"], {"RESUME": "runs/a"}),
        (["train", "archive"], {"DATA": ".", "ARCHIVE": "model_store/a.mar"}),
        (["capacity"], {"HOST": "http://127.0.0.1:8080", "STRICT": "1"}),
        (["loadtest"], {"SCENARIO": "spike", "MIX": "suppliers"}),
        (["test"], {"ARGS": "-k name"}),
    ],
)
def test_a_right_call_passes(called: list[str], given: dict[str, str]) -> None:
    assert fault(GOALS, called, given) is None


def test_every_variable_that_the_makefile_reads_is_named_in_its_help() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = {name for goal in GOALS.values() for name in goal.variables}
    for function in ("option", "options", "switch", "is_given"):
        for part in text.split(f"$(call {function},")[1:]:
            name = part.partition(",")[0].partition(")")[0]
            assert name in named or not name.isupper(), name


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def test_make_refuses_before_anything_else() -> None:
    done = make("train", "DATA=.", "EPOCH=3")
    assert done.returncode == 2
    assert "did you mean EPOCHS" in done.stderr
    assert done.stdout == ""


def test_make_names_the_near_target() -> None:
    assert "did you mean serve" in make("serv").stderr


def test_values_reach_commands_whatever_they_hold() -> None:
    shown = make("-n", "train", "DATA=.", "RUN=runs/Anna's $HOME", "SET=a=b c='d'").stdout
    assert r"""--run 'runs/Anna'\''s $HOME'""" in shown
    assert r"""--set 'a=b' --set 'c='\''d'\'''""" in shown
