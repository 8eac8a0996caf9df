"""The run that recipes are compared with: its settings, its photos, its split, its figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from hangtag.errors import DataInvalid, SettingsInvalid
from training.data import read_dataset
from training.data.training_data import TrainingData, read_data, write_data
from training.evaluate import Evaluated, load_evaluated
from training.layout import SETTINGS, SPLITS_FILE
from training.settings import SETTING_NAMES, TrainingSettings, nested, stored_values


@dataclass(frozen=True)
class FinishedRun:
    """A run as it was trained; `evaluated` is what it said of the test photos."""

    folder: Path
    settings: TrainingSettings
    data: TrainingData
    evaluated: Evaluated

    def learning_from(self, share: float) -> FinishedRun:
        """Return the same, with only a share of the photos to learn from, drawn by the seed."""
        rows = self.data.splits.train
        count = max(2, round(share * len(rows)))
        drawn = np.random.default_rng(self.settings.seed).permutation(rows)[:count]
        splits = replace(self.data.splits, train=np.sort(drawn))
        return replace(self, data=replace(self.data, splits=splits))


def load_run(folder: Path, out: Path) -> FinishedRun:
    """Read a run and its photos anew; a report of problems that end this goes to `out`.

    Raises
    ------
    DataInvalid : if the run is unfinished, or its photos or labels are no longer the same.
    SettingsInvalid : if its settings cannot be read, or `out` is a run's folder, this or another.
    """
    if (out / SETTINGS).exists():
        raise SettingsInvalid(f"{out} is a run's folder: name another for the recipes with out=….")
    evaluated = load_evaluated(folder)
    settings, dataset_sha256 = _read_settings(folder / SETTINGS)
    data = read_data(read_dataset(settings.data.folder), settings, out)
    if data.identity.sha256 != dataset_sha256:
        raise _changed(folder, settings)
    return FinishedRun(folder, settings, data, evaluated)


def keep_split(run: FinishedRun, out: Path) -> None:
    """Write the data report and the split of a run's photos, as they are now, to `out`.

    Raises
    ------
    DataInvalid : if it is not the split that the run was trained with.
    """
    write_data(run.data, out)
    if _text(run.folder / SPLITS_FILE) != _text(out / SPLITS_FILE):
        raise _changed(run.folder, run.settings)


def _changed(folder: Path, settings: TrainingSettings) -> DataInvalid:
    return DataInvalid(
        f"{settings.data.folder} or how it is split has changed since {folder} was trained: train "
        "it again, then compare."
    )


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _read_settings(path: Path) -> tuple[TrainingSettings, str]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        # What is not known to this release says nothing about photos and backbone.
        known = {
            name: value
            for name, value in stored_values(record["settings"]).items()
            if name in SETTING_NAMES
        }
        return TrainingSettings.model_validate(nested(known)), str(record["dataset"])
    except (OSError, json.JSONDecodeError, KeyError, ValidationError) as error:
        raise SettingsInvalid(
            f"{path} cannot be read ({error}): name the folder of a run that finished."
        ) from error
