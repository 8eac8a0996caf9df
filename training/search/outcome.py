"""What a search leaves for people: the best settings, and the command that trains with them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import optuna

from hangtag.errors import SettingsInvalid
from hangtag.files.whole_file import write_whole
from training.search.space import Value, rounded
from training.search.study import best_trial, counts

BEST = "best.json"


@dataclass(frozen=True)
class Outcome:
    """The best trial of a study so far."""

    trial: int
    validation_micro_f1: float
    settings: dict[str, Value]
    command: str


def write_outcome(
    study: optuna.Study,
    given: Mapping[str, object],
    folder: Path,
    command_for: Callable[[Mapping[str, object]], str],
) -> Outcome:
    """Write best.json.

    given : settings that were not searched; the command names them too
    command_for : settings -> the command that trains with them

    Raises
    ------
    SettingsInvalid : if no trial came to its end.
    """
    best = best_trial(study)
    if best is None:
        raise SettingsInvalid(
            "No trial fits into this machine's memory; give a smaller data.size_px or "
            "data.batch_size."
        )
    found = rounded(best.params)
    outcome = Outcome(
        trial=best.number,
        validation_micro_f1=float(best.values[0]),
        settings=found,
        command=command_for({**given, **found}),
    )
    document = {**vars(outcome), **counts(study)}
    text = json.dumps(document, indent=1, ensure_ascii=False)
    write_whole(folder / BEST, text + "\n")
    return outcome
