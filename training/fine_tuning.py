"""Trains the whole network, one epoch after the other."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger

from hangtag.errors import RunInterrupted
from training.averaging import ExponentialAveraging
from training.checkpoints import CHECKPOINTS
from training.device import choose_memory_format, choose_precision
from training.lesson import Lesson
from training.network import Outputs, TaggerNetwork
from training.progress import EpochProgressBar
from training.results import LOG
from training.settings import TrainingSettings
from training.training_data import Indices, TrainingData

_PREDICTION_BATCH = 64


def fine_tune(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    run_folder: Path,
    checkpoint: Path | None,
) -> Outputs:
    """Train a network on the photos to learn from; return its outputs for the others.

    Raises
    ------
    RunInterrupted : on Ctrl-C; `checkpoint` is what to go on from.
    """
    precision = choose_precision(settings.precision)
    network.to(memory_format=choose_memory_format(precision))
    train = data.subset(data.splits.train, shuffle=True, batch_size=settings.batch_size)
    validation = data.subset(data.splits.validation, shuffle=False, batch_size=_PREDICTION_BATCH)
    early_stopping = EarlyStopping("val_micro_f1", mode="max", patience=settings.patience or 1)
    trainer = pl.Trainer(
        max_epochs=settings.epochs,
        accelerator="auto",
        devices=1,
        precision=precision,
        logger=CSVLogger(run_folder, name=LOG, version=_next_attempt(run_folder)),
        callbacks=[
            ModelCheckpoint(run_folder / CHECKPOINTS, filename="{epoch:03d}", save_top_k=-1),
            EpochProgressBar(),
            *([ExponentialAveraging(settings.ema)] if settings.ema else []),
            *([early_stopping] if settings.patience else []),
        ],
        gradient_clip_val=5.0,
        accumulate_grad_batches=settings.accumulate,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_model_summary=False,
    )
    lesson = Lesson(
        network,
        settings,
        data.label_space,
        steps_per_epoch=math.ceil(len(train) / settings.accumulate),
        weights=data.label_weights(settings.class_weight_power),
    )
    print(f"Training into {run_folder}; an interrupted run goes on with RESUME={run_folder}.")
    try:
        trainer.fit(lesson, train, validation, ckpt_path=checkpoint, weights_only=True)
    except SystemExit as error:
        # How Lightning ends on Ctrl-C.
        raise RunInterrupted(f"Stopped; go on with: make train RESUME={run_folder}") from error
    return predict(network, data, data.splits.unlearned)


def _next_attempt(run_folder: Path) -> str:
    # Lightning would empty the log of the attempt before.
    return f"attempt-{len(list((run_folder / LOG).glob('attempt-*'))) + 1:02d}"


def predict(network: TaggerNetwork, data: TrainingData, indices: Indices) -> Outputs:
    """Return logits and embeddings of photos in fp32, on the device that is there.

    Those of the photos that are not among `indices` are NaN.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    parts = []
    with torch.no_grad():
        for pixels, _ in data.subset(indices, shuffle=False, batch_size=_PREDICTION_BATCH):
            parts.append([each.cpu().numpy() for each in network(pixels.to(device))])
    seen = [np.concatenate(each) for each in zip(*parts, strict=True)]
    outputs = [np.full((len(data.targets), each.shape[1]), np.nan, np.float32) for each in seen]
    for output, each in zip(outputs, seen, strict=True):
        output[indices] = each
    return Outputs(*outputs)
