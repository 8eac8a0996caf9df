"""A training run: its folder, its settings, and what it goes on from."""

import json
import tempfile
from pathlib import Path

from hangtag.bundle import MODEL, Bundle
from hangtag.errors import DataInvalid, SettingsInvalid
from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import write_whole
from hangtag.label_space import LabelSpace
from training.data import read_dataset
from training.data.training_data import TrainingData, prepare_data, read_data, write_data
from training.fit.checkpoints import (
    epoch_checkpoints,
    has_checkpoints,
    is_sound,
    is_whole,
    newest_checkpoint,
)
from training.fit.device import choose_devices, require_compiler
from training.fit.fine_tuning import fine_tune
from training.fit.linear_probe import fit_quickly
from training.fit.loggers import require_loggers
from training.layout import BUNDLE, CHECKPOINTS, SETTINGS
from training.model.building import build_network
from training.model.contrastive import contrastive_group
from training.model.network import TaggerNetwork
from training.run.finishing import finish_run
from training.run.leftovers import keep_one_checkpoint, tidied
from training.run.lock import alone_in
from training.run.record import find_record, require_unfinished
from training.settings import TrainingSettings


def start_run(settings: TrainingSettings, run_folder: Path) -> Bundle:
    """Train into a run folder; go on where an interrupted run with the same settings stopped.

    Raises
    ------
    SettingsInvalid : if the folder holds a finished run or one with other settings, or if
        another process trains into it.
    """
    require_unfinished(run_folder)
    if (run_folder / SETTINGS).exists():
        if find_record(run_folder).settings != settings:
            raise SettingsInvalid(
                f"{run_folder} holds an unfinished run with other settings; go on with it by "
                f"resume={run_folder}, or name another folder with run=…."
            )
        return resume_run(run_folder)
    if has_checkpoints(run_folder):
        raise SettingsInvalid(
            f"{run_folder} holds checkpoints but no {SETTINGS}; name another folder with run=…."
        )
    # What can fail at once comes first: a wrong folder or name, weights that cannot be had.
    dataset = read_dataset(settings.data.folder)
    require_possible(settings, dataset.label_space)
    network = build_network(settings, settings.network.weights, dataset.label_space)
    with alone_in(run_folder):
        if (run_folder / SETTINGS).exists():
            raise SettingsInvalid(
                f"Another process has begun {run_folder} in the meantime; name another with run=…."
            )
        with tidied(run_folder, quick=settings.quick), writing_into(run_folder):
            data = prepare_data(dataset, settings, run_folder)
            record = {"settings": settings.model_dump(mode="json"), "dataset": data.identity.sha256}
            write_whole(run_folder / SETTINGS, json.dumps(record, indent=1) + "\n")
            return _run(network, settings, data, run_folder, checkpoint=None)


def resume_run(resume: Path) -> Bundle:
    """Go on with a run from its newest checkpoint (a run folder), or from a given one (a file).

    Raises
    ------
    SettingsInvalid : if there is no such run, or another process goes on with it.
    DataInvalid : if the photos, labels or splits have changed since the run began.
    """
    run_folder, settings, dataset_sha256 = find_record(resume)
    with alone_in(run_folder):
        if (run_folder / BUNDLE).exists():
            raise SettingsInvalid(f"{run_folder} is finished: its bundle is {run_folder / BUNDLE}.")
        with (
            tidied(run_folder, quick=settings.quick, resumed=True),
            writing_into(run_folder),
        ):
            return _resume(resume, run_folder, settings, dataset_sha256)


def _resume(
    resume: Path, run_folder: Path, settings: TrainingSettings, dataset_sha256: str
) -> Bundle:
    dataset = read_dataset(settings.data.folder)
    require_possible(settings, dataset.label_space)
    data = read_data(dataset, settings, run_folder)
    if data.identity.sha256 != dataset_sha256:
        raise DataInvalid(
            f"{settings.data.folder} has changed since {run_folder} began; start a new run instead."
        )
    write_data(data, run_folder)
    checkpoint = _checkpoint_to_go_on_from(resume, run_folder)
    print(
        f"Going on with {run_folder} "
        + (f"from {checkpoint}." if checkpoint else "from the start.")
    )
    # The checkpoint brings the weights.
    weights = "none" if checkpoint else settings.network.weights
    network = build_network(settings, weights, data.label_space)
    return _run(network, settings, data, run_folder, checkpoint)


def _checkpoint_to_go_on_from(resume: Path, run_folder: Path) -> Path | None:
    if resume.is_file():
        if not is_whole(resume):
            raise SettingsInvalid(
                f"resume={resume} is no whole checkpoint; resume={run_folder} takes the newest "
                "that is."
            )
        if not is_sound(resume):
            raise SettingsInvalid(
                f"resume={resume} holds weights that are no numbers; resume={run_folder} takes the "
                "newest whose weights are."
            )
        return resume
    checkpoint = newest_checkpoint(run_folder)
    if checkpoint is None and epoch_checkpoints(run_folder):
        # Beginning again would remove them, though more memory may be all that is missing.
        raise SettingsInvalid(
            f"None of the checkpoints in {run_folder / CHECKPOINTS} can be gone on from: free "
            "memory and run again, or remove them to begin from the start."
        )
    return checkpoint


def require_possible(settings: TrainingSettings, label_space: LabelSpace) -> None:
    """Check what else would fail only when training begins.

    Raises
    ------
    SettingsInvalid : if the settings ask for what this machine or these labels do not have.
    """
    require_loggers(settings)
    choose_devices(settings.hardware.devices)
    if settings.hardware.compile:
        require_compiler()
    if settings.loss.contrastive_weight:
        contrastive_group(label_space, settings.loss.contrastive_group)


def _run(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    run_folder: Path,
    checkpoint: Path | None,
) -> Bundle:
    if settings.quick:
        with tempfile.TemporaryDirectory() as work, writing_into(Path(work), run_folder):
            exported = Path(work, MODEL)
            outputs = fit_quickly(network, settings, data, exported)
            return finish_run(network, outputs, settings, data, run_folder, exported)
    outputs = fine_tune(network, settings, data, run_folder, checkpoint)
    bundle = finish_run(network, outputs, settings, data, run_folder)
    keep_one_checkpoint(run_folder)
    return bundle
