"""The command that trains with what was found, and the pictures of how it was found."""

import json
import re
import shlex
import subprocess
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import optuna
import pytest
from PIL import Image

from hangtag.errors import SettingsInvalid
from training.commands.given_settings import given_settings
from training.commands.train_command import train_command
from training.search.outcome import write_outcome
from training.search.plots import plot_study
from training.search.space import PRETRAINED, with_drawn
from training.settings import make_settings

PROJECT = Path(__file__).parents[4]
GIVEN = {"network.weights": "my weights.pth", "schedule.epochs": 3}
SETTINGS = make_settings(Path("my data"), GIVEN)


def drawn_study(trials: int) -> optuna.Study:
    """A study whose value is the dropout; every fourth trial is stopped early."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for number in range(trials):
        trial = study.ask(PRETRAINED)
        value = trial.params["network.dropout"]
        trial.report(value / 2, 1)
        if number % 4 == 3:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            trial.report(value, 2)
            study.tell(trial, value)
    return study


# The command

COMMAND = partial(train_command, SETTINGS.data.folder)


@pytest.fixture(autouse=True)
def under_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANGTAG_MAKE", "1")


def test_a_command_names_what_was_chosen_and_leaves_out_what_is_off() -> None:
    chosen = {"optimizer.lr": 0.001, "schedule.epochs": 3, "network.dropout": 0.2,
              "data.balance_max_count": None}  # fmt: skip
    assert train_command(Path("my data"), chosen) == (
        "make train DATA='my data' RATE=0.001 SET=\"schedule.epochs=3 network.dropout=0.2\""
    )


def test_a_command_without_settings() -> None:
    assert train_command(Path("data"), {}, quick=True) == "make train DATA=data QUICK=1"


def test_make_and_the_command_line_understand_it(tmp_path: Path) -> None:
    study = drawn_study(8)
    outcome = write_outcome(study, GIVEN, tmp_path, COMMAND)
    words = [*shlex.split(outcome.command), "--dry-run"]
    printed = subprocess.run(words, cwd=PROJECT, text=True, capture_output=True, check=True).stdout
    (line,) = re.findall(r"-m hangtag\.cli train (.*)", printed.replace("\\\n", " "))
    options = shlex.split(line)
    pairs = dict(zip(options[::2], options[1::2], strict=True))
    more = [value for name, value in zip(options[::2], options[1::2], strict=True)
            if name == "--set"]  # fmt: skip
    given = given_settings(
        more,
        {"network.weights": pairs["--weights"], "optimizer.lr": float(pairs["--learning-rate"])},
    )
    trained = make_settings(Path(pairs["--data"]), given)
    assert trained == with_drawn(SETTINGS, study.best_params)


# What was found


def test_the_best_settings_are_written(tmp_path: Path) -> None:
    study = drawn_study(8)
    outcome = write_outcome(study, GIVEN, tmp_path, COMMAND)
    document = json.loads((tmp_path / "best.json").read_text())
    assert document["trial"] == outcome.trial == study.best_trial.number
    assert document["validation_micro_f1"] == study.best_value
    assert document["settings"]["network.dropout"] == pytest.approx(study.best_value, rel=0.005)
    assert (document["trials"], document["stopped_early"]) == (8, 2)
    assert document["command"] == outcome.command


def test_where_no_trial_came_to_its_end_nothing_was_found(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No trial fits into this machine's memory"):
        write_outcome(drawn_study(0), GIVEN, tmp_path, COMMAND)


# Pictures


def test_the_pictures_show_something(tmp_path: Path) -> None:
    paths = plot_study(drawn_study(12), tmp_path)
    assert {path.stem for path in paths} == {
        "history", "epochs", "importances", "slices", "parallel",
    }  # fmt: skip
    for path in paths:
        with Image.open(path) as picture:
            assert min(picture.size) > 300
            assert np.asarray(picture.convert("L")).std() > 5


def test_one_trial_shows_no_importances(tmp_path: Path) -> None:
    assert {path.stem for path in plot_study(drawn_study(1), tmp_path)} == {"history", "epochs"}


def test_the_style_of_other_pictures_stays(tmp_path: Path) -> None:
    before = mpl.rcParams.copy()
    plot_study(drawn_study(4), tmp_path)
    assert mpl.rcParams == before
