"""Trains the whole network, one epoch after the other."""

from __future__ import annotations

import math
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, Checkpoint, ProgressBar
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import DDPStrategy
from torch.multiprocessing.spawn import ProcessRaisedException

from hangtag.cli.streams import make_streams_lenient
from hangtag.errors import RunInterrupted
from training.command_line import next_step
from training.data.training_data import Indices, TrainingData
from training.fit.averaging import ExponentialAveraging
from training.fit.checkpoints import (
    BestCheckpoint,
    EpochCheckpoints,
    WholeCheckpoints,
    take_best,
)
from training.fit.device import (
    choose_devices,
    choose_memory_format,
    choose_precision,
    require_compiler,
)
from training.fit.early_stopping import EarlyStop
from training.fit.linear_probe import fit_head_first
from training.fit.loggers import make_loggers, quieten
from training.fit.progress import EpochProgressBar
from training.fit.tagger_module import TaggerModule
from training.model.divergence import Divergence, require_numbers, told_by_process
from training.model.network import Outputs, TaggerNetwork
from training.settings import TrainingSettings

_PREDICTION_BATCH = 64


def fine_tune(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    run_folder: Path,
    checkpoint: Path | None,
) -> Outputs:
    """Train a network on the photos to learn from; return its outputs for the others.

    The head comes first, unless there is a checkpoint of what comes after. With a `patience`, it
    ends with the weights of its best epoch.

    Raises
    ------
    RunInterrupted : on Ctrl-C; `checkpoint` is what to go on from.
    TrainingDiverged : if the loss or the weights are no numbers any more.
    """
    go_on = next_step("train", RESUME=run_folder)
    print(f"Training into {run_folder}; if it is interrupted, it goes on with: {go_on}")
    try:
        if settings.schedule.head_epochs and checkpoint is None:
            fit_head_first(network, settings, data)
        module = _fit_all(network, settings, data, run_folder, checkpoint)
    except (KeyboardInterrupt, RunInterrupted, SystemExit) as error:
        # SystemExit is how Lightning ends on Ctrl-C.
        raise RunInterrupted(f"Stopped; go on with: {go_on}") from error
    if settings.schedule.patience:
        take_best(module, run_folder)
    outputs = predict(network, data, data.splits.unlearned)
    require_numbers(network, outputs.logits[data.splits.unlearned], "answers")
    return outputs


def _fit_all(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    run_folder: Path,
    checkpoint: Path | None,
) -> TaggerModule:
    module = make_module(network, settings, data)
    # The best first: the newest then knows of it.
    patient = (
        [EarlyStop(settings.schedule.patience), BestCheckpoint(run_folder)]
        if settings.schedule.patience
        else []
    )
    trainer = make_trainer(
        settings,
        callbacks=[
            EpochProgressBar(),
            Divergence(settings.optimizer.lr),
            *patient,
            EpochCheckpoints(run_folder),
        ],
        loggers=make_loggers(settings, run_folder),
    )
    fit(trainer, module, data, checkpoint)
    return module


def make_module(
    network: TaggerNetwork, settings: TrainingSettings, data: TrainingData
) -> TaggerModule:
    """Return what teaches a network the photos to learn from, on the devices of the settings."""
    steps = len(data.train_dataloader(settings, choose_devices(settings.hardware.devices)))
    network.to(memory_format=choose_memory_format(choose_precision(settings.hardware.precision)))
    return TaggerModule(
        network,
        settings,
        data.label_space,
        steps_per_epoch=math.ceil(steps / settings.optimizer.accumulate),
        weights=data.label_weights(settings.loss.class_weight_power),
    )


def make_trainer(
    settings: TrainingSettings, *, callbacks: Sequence[Callback], loggers: Sequence[Logger] = ()
) -> pl.Trainer:
    """Return a trainer on the devices of the settings.

    Raises
    ------
    SettingsInvalid : if the settings ask for what this machine does not have.
    """
    if settings.hardware.compile:
        require_compiler()
    processes = choose_devices(settings.hardware.devices)
    averaging = [ExponentialAveraging(settings.optimizer.ema)] if settings.optimizer.ema else []
    return pl.Trainer(
        max_epochs=settings.schedule.epochs,
        accelerator="auto" if processes == 1 else "cuda" if torch.cuda.is_available() else "cpu",
        devices=processes,
        strategy="auto" if processes == 1 else _SideBySide(settings),
        # Ours know the order of an epoch.
        use_distributed_sampler=False,
        precision=choose_precision(settings.hardware.precision),
        logger=list(loggers),
        callbacks=[*averaging, *callbacks],
        enable_checkpointing=any(isinstance(each, Checkpoint) for each in callbacks),
        enable_progress_bar=any(isinstance(each, ProgressBar) for each in callbacks),
        gradient_clip_val=5.0,
        accumulate_grad_batches=settings.optimizer.accumulate,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_model_summary=False,
        plugins=[WholeCheckpoints()],
    )


def fit(
    trainer: pl.Trainer, module: TaggerModule, data: TrainingData, checkpoint: Path | None = None
) -> None:
    """Train, and validate after each epoch.

    Raises
    ------
    SystemExit : on Ctrl-C.
    """
    processes = trainer.num_devices
    train = data.train_dataloader(module.settings, processes)
    validation = data.subset(
        data.splits.validation, batch_size=_PREDICTION_BATCH, processes=processes
    )
    try:
        trainer.fit(module, train, validation, ckpt_path=checkpoint, weights_only=True)
    except ProcessRaisedException as error:
        raise told_by_process(error) from error
    finally:
        if trainer.strategy.launcher is not None:
            # Processes that Ctrl-C did not reach would be waited for until they have finished.
            trainer.strategy.launcher.kill(signal.SIGKILL)


class _SideBySide(DDPStrategy):
    """Trains in several processes, each with its share of every epoch, and averages gradients.

    They are started from this one by `fit`, which then has the weights: what comes before and after
    happens once, in this process.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        super().__init__(
            start_method="spawn",
            # What is frozen gets no gradient.
            find_unused_parameters=settings.network.frozen_depth > 0,
            # TaggerModule does so where it matters: before it validates.
            broadcast_buffers=False,
        )

    def setup_environment(self) -> None:
        """Begin a process; what it prints fails it as little as the first."""
        make_streams_lenient()
        quieten()
        super().setup_environment()


def predict(network: TaggerNetwork, data: TrainingData, indices: Indices) -> Outputs:
    """Return logits and embeddings of photos in fp32, on the device that is there.

    Those of the photos that are not among `indices` are NaN.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    parts = []
    with torch.no_grad():
        for pixels, _ in data.subset(indices, batch_size=_PREDICTION_BATCH):
            parts.append([each.cpu().numpy() for each in network(pixels.to(device))])
    seen = [np.concatenate(each) for each in zip(*parts, strict=True)]
    outputs = [np.full((len(data.targets), each.shape[1]), np.nan, np.float32) for each in seen]
    for output, each in zip(outputs, seen, strict=True):
        output[indices] = each
    return Outputs(*outputs)
