"""The loop of trials, on a formula instead of a training: what is tested is what goes on around."""

from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
import torch
from optuna.trial import FrozenTrial, TrialState

from hangtag.errors import SettingsInvalid
from training.errors import RunInterrupted
from training.search.space import QUICK
from training.search.study import (
    Objective,
    OnEpoch,
    best_trial,
    counts,
    describe_trial,
    finished,
    open_study,
    run_trials,
)
from training.settings import TrainingSettings, make_settings

SETTINGS = make_settings(Path("catalogue"), {"quick": True})
SPACE = {name: QUICK[name] for name in ("network.dropout", "data.batch_size")}
DEFAULTS = {name: SETTINGS.value(name) for name in SPACE}


@pytest.fixture(autouse=True)
def optunas_verbosity() -> Iterator[None]:
    verbosity = optuna.logging.get_verbosity()
    yield
    optuna.logging.set_verbosity(verbosity)


def opened(folder: Path, settings: TrainingSettings = SETTINGS) -> optuna.Study:
    return open_study(folder, settings, SPACE, "sha256:0")


def best_at_a_third(settings: TrainingSettings, on_epoch: OnEpoch) -> float:
    return 1 - abs(settings.network.dropout - 1 / 3)


def run(
    study: optuna.Study, trials: int, objective: Objective = best_at_a_third, **more: float
) -> list[FrozenTrial]:
    told: list[FrozenTrial] = []
    run_trials(study, SPACE, SETTINGS, objective, trials=trials, on_trial=told.append, **more)
    return told


def test_the_first_trial_has_the_settings_as_they_are(tmp_path: Path) -> None:
    (first,) = run(opened(tmp_path), 1)
    assert first.params == DEFAULTS


def value_of(trial: FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value


def test_the_best_is_better_than_the_first(tmp_path: Path) -> None:
    study = opened(tmp_path)
    first, *others = run(study, 15)
    best = best_trial(study)
    assert best is not None
    assert value_of(best) == max(map(value_of, others)) > value_of(first)


def test_a_study_goes_on_up_to_the_trials_that_are_asked_for(tmp_path: Path) -> None:
    assert len(run(opened(tmp_path), 2)) == 2
    assert [trial.number for trial in run(opened(tmp_path), 5)] == [2, 3, 4]
    assert run(opened(tmp_path), 5) == []


def test_an_interrupted_study_draws_what_it_would_have_drawn(tmp_path: Path) -> None:
    expected = [trial.params for trial in run(opened(tmp_path / "whole"), 12)]
    interrupted = opened(tmp_path / "interrupted")
    run(interrupted, 4)

    def ctrl_c(settings: TrainingSettings, on_epoch: OnEpoch) -> float:
        raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match=r"^Stopped after 4 of 12 trials; the same command"):
        run(interrupted, 12, ctrl_c)
    gone_on = opened(tmp_path / "interrupted")
    run(gone_on, 12)
    # In the order of their numbers, where the one that was interrupted comes a place later.
    assert [trial.params for trial in finished(gone_on)] == expected
    assert counts(gone_on) == {"trials": 12, "stopped_early": 0}


def test_a_trial_that_is_worse_than_others_is_stopped(tmp_path: Path) -> None:
    trained: list[int] = []

    def worse_and_worse(settings: TrainingSettings, on_epoch: OnEpoch) -> float | None:
        f1 = 0.9 - 0.1 * len(trained)
        for epoch in range(1, 6):
            if on_epoch(epoch, f1):
                trained.append(epoch)
                return None
        trained.append(5)
        return f1

    study = opened(tmp_path)
    *_, last = run(study, 6, worse_and_worse)
    assert trained[:4] == [5, 5, 5, 5]
    assert 1 < trained[-1] < 5
    assert last.state == TrialState.PRUNED
    best = best_trial(study)
    assert best is not None
    assert best.number == 0
    assert describe_trial(last, best) == (
        f"Trial 5: stopped after epoch {trained[-1]}, worse than others; best 0.9000 (trial 0)"
    )


def test_a_trial_that_does_not_fit_the_memory_does_not_end_the_search(tmp_path: Path) -> None:
    def large_batches_are_too_large(settings: TrainingSettings, on_epoch: OnEpoch) -> float:
        if settings.data.batch_size >= SETTINGS.data.batch_size:
            raise torch.OutOfMemoryError
        return best_at_a_third(settings, on_epoch)

    study = opened(tmp_path)
    first, *others = run(study, 10, large_batches_are_too_large)
    assert describe_trial(first, None) == "Trial 0: does not fit into the memory"
    assert len(others) == 9
    best = best_trial(study)
    assert best is not None
    assert best.params["data.batch_size"] < SETTINGS.data.batch_size


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_nor_does_one_that_does_not_fit_a_cpus_memory(error: Exception, tmp_path: Path) -> None:
    def too_large(settings: TrainingSettings, on_epoch: OnEpoch) -> float:
        raise error

    (trial,) = run(opened(tmp_path), 1, too_large)
    assert trial.state == TrialState.PRUNED


@pytest.mark.parametrize("error", [ZeroDivisionError(), RuntimeError("shapes do not match")])
def test_an_error_that_is_a_bug_is_not_hidden(error: Exception, tmp_path: Path) -> None:
    def broken(settings: TrainingSettings, on_epoch: OnEpoch) -> float:
        raise error

    with pytest.raises(type(error)):
        run(opened(tmp_path), 1, broken)


def test_a_trial_that_gets_the_search_killed_twice_is_given_up(tmp_path: Path) -> None:
    for _ in range(2):
        study = opened(tmp_path)
        killed = study.ask(SPACE)
    assert killed.params == DEFAULTS
    (given_up,) = finished(opened(tmp_path))
    assert (given_up.number, given_up.state) == (killed.number, TrialState.PRUNED)
    assert [trial.number for trial in run(opened(tmp_path), 2)] == [2]


def test_ctrl_c_does_not_give_a_trial_up(tmp_path: Path) -> None:
    def ctrl_c(settings: TrainingSettings, on_epoch: OnEpoch) -> float:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(RunInterrupted):
            run(opened(tmp_path), 1, ctrl_c)
    (first,) = run(opened(tmp_path), 1)
    assert first.params == DEFAULTS


def test_no_trial_begins_when_the_time_is_over(tmp_path: Path) -> None:
    assert len(run(opened(tmp_path), 1000, minutes=1e-9)) == 0
    assert 0 < len(run(opened(tmp_path), 1000, minutes=0.02)) < 1000


def test_a_study_of_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    run(opened(tmp_path), 1)
    other = make_settings(Path("catalogue"), {"quick": True, "schedule.epochs": 3})
    with pytest.raises(SettingsInvalid, match="other settings or photos; name another folder"):
        opened(tmp_path, other)


def test_a_study_of_other_photos_is_not_gone_on_with(tmp_path: Path) -> None:
    run(opened(tmp_path), 1)
    with pytest.raises(SettingsInvalid, match="other settings or photos"):
        open_study(tmp_path, SETTINGS, SPACE, "sha256:1")


def test_without_a_trial_there_is_no_best(tmp_path: Path) -> None:
    assert best_trial(opened(tmp_path)) is None


def test_a_search_of_another_release_is_not_gone_on_with(tmp_path: Path) -> None:
    study = opened(tmp_path)
    flat = {"data": "catalogue", "learning_rate": 0.002}
    study.set_user_attr("subject", {"settings": flat, "space": {}, "dataset": "sha256:0"})
    with pytest.raises(SettingsInvalid, match="holds a search of another release; name another"):
        opened(tmp_path)
