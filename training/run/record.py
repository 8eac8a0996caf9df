"""What a run knows of itself, read without torch."""

import json
from pathlib import Path
from typing import NamedTuple

from hangtag.errors import SettingsInvalid
from training.layout import BUNDLE, SETTINGS
from training.settings import SETTING_NAMES, TrainingSettings, nested, stored_values


class Record(NamedTuple):
    """What a run has written down: where, with which settings, on which photos."""

    run_folder: Path
    settings: TrainingSettings
    dataset_sha256: str


def require_unfinished(run_folder: Path) -> None:
    """Check that a run may be begun in a folder, or gone on with.

    Raises
    ------
    SettingsInvalid : if it holds a finished one.
    """
    if (run_folder / BUNDLE).exists():
        raise SettingsInvalid(f"{run_folder} holds a finished run; name another with run=….")


def find_record(resume: Path) -> Record:
    """Return the record of a run that can be gone on with, by its folder or a checkpoint in it.

    Raises
    ------
    SettingsInvalid : if there is no such run, it has not begun, or is another release's.
    """
    if not resume.exists():
        raise SettingsInvalid(f"resume={resume} does not exist; name a run's folder or checkpoint.")
    run_folder = resume.parent.parent if resume.is_file() else resume
    if (run_folder / BUNDLE).exists():
        raise SettingsInvalid(f"{run_folder} is finished: its bundle is {run_folder / BUNDLE}.")
    path = run_folder / SETTINGS
    if not path.exists():
        raise SettingsInvalid(
            f"resume={run_folder} has not begun to train: there is no {SETTINGS}; give data=…."
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        values = stored_values(record["settings"])
        if values.keys() != set(SETTING_NAMES):
            raise KeyError("it has other settings")
        settings = TrainingSettings.model_validate(nested(values))
        return Record(run_folder, settings, str(record["dataset"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsInvalid(
            f"resume={run_folder} is no run of this release: {path} cannot be read ({error})."
        ) from error
