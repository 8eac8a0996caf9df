"""A training run, from the dataset folder to the bundle, in the order in which it happens."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pydantic import ValidationError
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger
from torch import nn

from hangtag.bundle import Bundle, load_bundle
from hangtag.decisions import FloatArray, select_tags, sigmoid
from hangtag.errors import DataInvalid, RunInterrupted, SettingsInvalid
from hangtag.images import Preprocessing
from hangtag.label_space import LabelSpace
from training.backbones import build_backbone
from training.data import read_catalogue
from training.device import choose_memory_format, choose_precision
from training.evaluation import evaluate
from training.export import TrainedTagger, write_bundle
from training.lesson import Lesson
from training.network import TaggerNetwork
from training.plots import SHEET_PHOTOS
from training.precisions import CALIBRATION_PHOTOS, JUDGED_PHOTOS, PrecisionSample
from training.progress import EpochProgressBar
from training.results import LOG, write_results
from training.settings import TrainingSettings
from training.thresholds import tune_thresholds
from training.training_data import Indices, TrainingData, prepare_data

SETTINGS = "settings.json"
CHECKPOINTS = "checkpoints"
BUNDLE = "bundle"
_GOLDEN_PHOTOS = 8
_PREDICTION_BATCH = 64


def start_run(settings: TrainingSettings, run_folder: Path) -> Bundle:
    """Train into a run folder; go on where an interrupted run with the same settings stopped.

    Raises
    ------
    SettingsInvalid : if the folder holds a finished run, or one with other settings.
    """
    if (run_folder / BUNDLE).exists():
        raise SettingsInvalid(f"{run_folder} holds a finished run; name another with RUN=….")
    if (run_folder / SETTINGS).exists():
        if _read_settings(run_folder)[0] != settings:
            raise SettingsInvalid(
                f"{run_folder} holds an unfinished run with other settings; go on with it by "
                f"RESUME={run_folder}, or name another folder with RUN=…."
            )
        return resume_run(run_folder)
    # What can fail at once comes first: a wrong folder or name, weights that cannot be had.
    catalogue = read_catalogue(settings.data)
    backbone = _seeded_backbone(settings, settings.weights)
    data = prepare_data(catalogue, settings, run_folder)
    record = {"settings": settings.model_dump(mode="json"), "dataset": data.identity.sha256}
    unfinished = run_folder / f"{SETTINGS}.part"
    unfinished.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(run_folder / SETTINGS)
    return _run(settings, backbone, data, run_folder, checkpoint=None)


def resume_run(resume: Path) -> Bundle:
    """Go on with a run from its newest checkpoint (a run folder), or from a given one (a file).

    Raises
    ------
    SettingsInvalid : if there is no such run.
    DataInvalid : if the photos or labels have changed since the run began.
    """
    run_folder = resume.parent.parent if resume.is_file() else resume
    if (run_folder / BUNDLE).exists():
        raise SettingsInvalid(f"{run_folder} is finished: its bundle is {run_folder / BUNDLE}.")
    settings, dataset_sha256 = _read_settings(run_folder)
    data = prepare_data(read_catalogue(settings.data), settings, run_folder)
    if data.identity.sha256 != dataset_sha256:
        raise DataInvalid(
            f"{settings.data} has changed since {run_folder} began; start a new run instead."
        )
    if resume.is_file() and not _is_whole(resume):
        raise SettingsInvalid(
            f"RESUME={resume} is no whole checkpoint; RESUME={run_folder} takes the newest that is."
        )
    checkpoint = resume if resume.is_file() else newest_checkpoint(run_folder)
    print(
        f"Going on with {run_folder} "
        + (f"from {checkpoint}." if checkpoint else "from the start.")
    )
    # The checkpoint brings the weights.
    backbone = _seeded_backbone(settings, "none" if checkpoint else settings.weights)
    return _run(settings, backbone, data, run_folder, checkpoint)


def newest_checkpoint(run_folder: Path) -> Path | None:
    """Return the newest checkpoint of a run that can be read: a kill may have cut one short."""
    checkpoints = (run_folder / CHECKPOINTS).glob("*.ckpt")
    for checkpoint in sorted(checkpoints, key=lambda path: path.stat().st_mtime, reverse=True):
        if _is_whole(checkpoint):
            return checkpoint
    return None


def _is_whole(checkpoint: Path) -> bool:
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        return False
    return True


def _read_settings(run_folder: Path) -> tuple[TrainingSettings, str]:
    path = run_folder / SETTINGS
    if not path.exists():
        raise SettingsInvalid(
            f"RESUME={run_folder} has not begun to train: there is no {SETTINGS}; give DATA=…."
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return TrainingSettings.model_validate(record["settings"]), str(record["dataset"])
    except (OSError, json.JSONDecodeError, KeyError, ValidationError) as error:
        raise SettingsInvalid(
            f"RESUME={run_folder} is no run of this release: {path} cannot be read ({error})."
        ) from error


def _seeded_backbone(settings: TrainingSettings, weights: str) -> tuple[nn.Module, int]:
    pl.seed_everything(settings.seed, verbose=False)
    return build_backbone(settings.backbone, weights, settings.size_px)


def _run(
    settings: TrainingSettings,
    backbone: tuple[nn.Module, int],
    data: TrainingData,
    run_folder: Path,
    checkpoint: Path | None,
) -> Bundle:
    pl.seed_everything(settings.seed, verbose=False)
    network = TaggerNetwork(*backbone, len(data.label_space), settings.dropout)
    _fit(network, settings, data, run_folder, checkpoint)
    validation = predict(network, data, data.splits.validation)
    test = predict(network, data, data.splits.test)
    decisions = tune_thresholds(
        validation,
        data.targets[data.splits.validation],
        data.label_space,
        settings.target_precision,
    )
    thresholds = np.array([each.threshold for each in decisions], dtype=np.float32)
    rows = data.splits.test
    metrics = evaluate(test, data.targets[rows], thresholds, data.label_space)
    write_results(
        photos=[data.decoded.photos[row] for row in rows],
        pixels=data.decoded.pixels[rows[:SHEET_PHOTOS]],
        targets=data.targets[rows],
        scores=test,
        thresholds=thresholds,
        metrics=metrics,
        label_space=data.label_space,
        run_folder=run_folder,
    )
    tagger = TrainedTagger(
        network=network,
        label_space=data.label_space,
        preprocessing=Preprocessing(size_px=settings.size_px),
        decisions=decisions,
        settings=settings,
        dataset=data.identity,
        metrics=metrics,
        precision_sample=_precision_sample(data, thresholds),
    )
    golden = rows[_surest_first(test, data.targets[rows], thresholds, data.label_space)]
    return _replace_bundle(
        tagger, [data.decoded.photos[row].path for row in golden[:_GOLDEN_PHOTOS]], run_folder
    )


def _precision_sample(data: TrainingData, thresholds: FloatArray) -> PrecisionSample:
    calibration = _evenly(data.splits.train, CALIBRATION_PHOTOS)
    judged = _evenly(data.splits.validation, JUDGED_PHOTOS)
    return PrecisionSample(
        calibration=data.decoded.pixels[calibration],
        judged=data.decoded.pixels[judged],
        targets=data.targets[judged],
        thresholds=thresholds,
        label_space=data.label_space,
    )


def _evenly(rows: Indices, count: int) -> Indices:
    """Return at most `count` rows, from the first to the last."""
    chosen: Indices = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    return chosen


def _surest_first(
    scores: FloatArray, targets: FloatArray, thresholds: FloatArray, label_space: LabelSpace
) -> Indices:
    """Order test photos by how many of their tags are wrong: the first is shown as a sample."""
    tags = select_tags(scores, thresholds, label_space)
    wrong = ((tags != (targets == 1)) & ~np.isnan(targets)).sum(axis=1)
    return np.argsort(wrong, kind="stable")


def _fit(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    run_folder: Path,
    checkpoint: Path | None,
) -> None:
    precision = choose_precision(settings.precision)
    network.to(memory_format=choose_memory_format(precision))
    train = data.subset(data.splits.train, shuffle=True, batch_size=settings.batch_size)
    validation = data.subset(data.splits.validation, shuffle=False, batch_size=_PREDICTION_BATCH)
    trainer = pl.Trainer(
        max_epochs=settings.epochs,
        accelerator="auto",
        devices=1,
        precision=precision,
        logger=CSVLogger(run_folder, name=LOG, version=_next_attempt(run_folder)),
        callbacks=[
            ModelCheckpoint(run_folder / CHECKPOINTS, filename="{epoch:03d}", save_top_k=-1),
            EpochProgressBar(),
        ],
        gradient_clip_val=5.0,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_model_summary=False,
    )
    lesson = Lesson(network, settings, steps_per_epoch=len(train))
    print(f"Training into {run_folder}; an interrupted run goes on with RESUME={run_folder}.")
    try:
        trainer.fit(lesson, train, validation, ckpt_path=checkpoint, weights_only=True)
    except SystemExit as error:
        # How Lightning ends on Ctrl-C.
        raise RunInterrupted(f"Stopped; go on with: make train RESUME={run_folder}") from error


def _next_attempt(run_folder: Path) -> str:
    # Lightning would empty the log of the attempt before.
    return f"attempt-{len(list((run_folder / LOG).glob('attempt-*'))) + 1:02d}"


def predict(network: TaggerNetwork, data: TrainingData, indices: Indices) -> FloatArray:
    """Return the scores (N, L) of photos in fp32, on the device that is there."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    scores = []
    with torch.no_grad():
        for pixels, _ in data.subset(indices, shuffle=False, batch_size=_PREDICTION_BATCH):
            logits, _ = network(pixels.to(device))
            scores.append(sigmoid(logits.cpu().numpy()))
    return np.concatenate(scores)


def _replace_bundle(
    tagger: TrainedTagger, golden_photos: Sequence[Path], run_folder: Path
) -> Bundle:
    unfinished, finished = run_folder / f".{BUNDLE}", run_folder / BUNDLE
    shutil.rmtree(unfinished, ignore_errors=True)
    write_bundle(tagger, golden_photos, unfinished)
    shutil.rmtree(finished, ignore_errors=True)
    unfinished.rename(finished)
    return load_bundle(finished)
