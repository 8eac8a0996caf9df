"""A study: its trials in a journal that outlives any of them, and the loop that runs them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import optuna
import torch
from optuna.distributions import distribution_to_json
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from hangtag.errors import SettingsInvalid
from training.errors import RunInterrupted, TrainingDiverged
from training.search.space import Space, with_drawn
from training.settings import TrainingSettings

JOURNAL = "study.journal"
_NAME = "search"
_SUBJECT = "subject"
# Of a trial that stands in for one that was killed.
_KILLED_BEFORE = "killed_before"
# Of a trial whose loss became no number.
_DIVERGED = "diverged"
# So many trials run to their end before any is stopped for being worse than half of them.
_UNPRUNED_TRIALS = 4

# Hears the epochs done and the validation micro-F1, and says whether to stop.
OnEpoch: TypeAlias = Callable[[int, float], bool]
# Trains with settings; returns the validation micro-F1, or None if it was told to stop.
Objective: TypeAlias = Callable[[TrainingSettings, OnEpoch], float | None]


def open_study(
    folder: Path, settings: TrainingSettings, space: Space, dataset_sha256: str
) -> optuna.Study:
    """Begin a study, or go on with the one in a folder; what was interrupted is tried again.

    The first trial has the settings as they are: the best is never worse than them.

    Raises
    ------
    SettingsInvalid : if the folder holds a study of other settings, photos or distributions.
    """
    # What Optuna would tell of each trial, `describe_trial` does.
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(folder / JOURNAL))),
        study_name=_NAME,
        direction="maximize",
        # The first epochs say little about the last one.
        pruner=MedianPruner(_UNPRUNED_TRIALS, n_warmup_steps=2),
        load_if_exists=True,
    )
    subject = {
        "settings": settings.model_dump(mode="json"),
        "space": {name: distribution_to_json(each) for name, each in space.items()},
        "dataset": dataset_sha256,
    }
    known = study.user_attrs.get(_SUBJECT, subject)
    if {*known["settings"]} != {*subject["settings"]}:
        raise SettingsInvalid(
            f"{folder} holds a search of another release; name another folder with study=…."
        )
    if known != subject:
        raise SettingsInvalid(
            f"{folder} holds a search with other settings or photos; name another folder with "
            "study=…."
        )
    study.enqueue_trial({name: settings.value(name) for name in space}, skip_if_exists=True)
    study.set_user_attr(_SUBJECT, subject)
    _repeat_interrupted(study, killed=True)
    return study


def _repeat_interrupted(study: optuna.Study, *, killed: bool) -> None:
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if killed and trial.user_attrs.get(_KILLED_BEFORE):
            # It may itself be what gets the search killed, by the memory that it takes.
            study.tell(trial.number, state=TrialState.PRUNED)
            continue
        noted = {_KILLED_BEFORE: True} if killed else trial.user_attrs
        study.enqueue_trial(trial.params, user_attrs=noted)
        study.tell(trial.number, state=TrialState.FAIL)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that came to their end, or were stopped for being worse than others."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def run_trials(
    study: optuna.Study,
    space: Space,
    settings: TrainingSettings,
    objective: Objective,
    *,
    trials: int,
    minutes: float | None = None,
    on_trial: Callable[[FrozenTrial], None],
) -> None:
    """Run trials until the study has as many, or the time is over; one that runs is not cut short.

    Raises
    ------
    RunInterrupted : on Ctrl-C; what was finished is in the study.
    """
    give_up_at = time.monotonic() + 60 * minutes if minutes else float("inf")
    try:
        while (done := len(finished(study))) < trials and time.monotonic() < give_up_at:
            # One for each trial: a study that is gone on with draws what it would have drawn.
            study.sampler = TPESampler(seed=settings.seed + done)
            on_trial(_run_trial(study, study.ask(space), settings, objective))
    except (KeyboardInterrupt, RunInterrupted) as error:
        _repeat_interrupted(study, killed=False)
        raise RunInterrupted(
            f"Stopped after {len(finished(study))} of {trials} trials; the same command goes on."
        ) from error


def _run_trial(
    study: optuna.Study, trial: optuna.Trial, settings: TrainingSettings, objective: Objective
) -> FrozenTrial:
    def on_epoch(epochs: int, f1: float) -> bool:
        trial.report(f1, epochs)
        return trial.should_prune()

    try:
        f1 = objective(with_drawn(settings, trial.params), on_epoch)
    except TrainingDiverged:
        trial.set_user_attr(_DIVERGED, True)
        f1 = None
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        # As good as pruned: the sampler keeps away from there.
        f1 = None
    if f1 is None:
        return study.tell(trial, state=TrialState.PRUNED)
    return study.tell(trial, f1)


def _is_out_of_memory(error: Exception) -> bool:
    # On a CPU, torch has no error of its own for it.
    named = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return named or "DefaultCPUAllocator" in str(error)


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """Return the best trial; None if none came to its end yet."""
    if any(trial.state == TrialState.COMPLETE for trial in finished(study)):
        return study.best_trial
    return None


def describe_trial(trial: FrozenTrial, best: FrozenTrial | None) -> str:
    """Return a line on how a trial went."""
    if trial.state == TrialState.COMPLETE:
        went = f"micro-F1 {trial.value:.4f}"
    elif trial.intermediate_values:
        went = f"stopped after epoch {trial.last_step}, worse than others"
    elif trial.user_attrs.get(_DIVERGED):
        went = "its loss ran away"
    else:
        went = "does not fit into the memory"
    record = f"; best {best.value:.4f} (trial {best.number})" if best else ""
    return f"Trial {trial.number}: {went}{record}"


def counts(study: optuna.Study) -> dict[str, int]:
    """Return how many trials there were."""
    states = [trial.state for trial in finished(study)]
    return {"trials": len(states), "stopped_early": states.count(TrialState.PRUNED)}
