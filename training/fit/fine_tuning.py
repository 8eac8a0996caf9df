"""Trains the whole network, one epoch after the other."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import DDPStrategy

from hangtag.arrays import Indices
from hangtag.cli.streams import make_streams_lenient
from training.data.training_data import TrainingData
from training.errors import RunInterrupted
from training.fit.callbacks import (
    Divergence,
    EarlyStop,
    EpochProgressBar,
    ExponentialAveraging,
)
from training.fit.checkpoints import BestCheckpoint, EpochCheckpoints, take_best
from training.fit.device import (
    choose_devices,
    choose_memory_format,
    choose_precision,
    require_compiler,
)
from training.fit.linear_probe import fit_head_first
from training.fit.loggers import make_loggers, quieten
from training.fit.loop import fit, make_trainer
from training.fit.tagger_module import TaggerModule
from training.model.divergence import require_numbers
from training.model.network import Outputs, TaggerNetwork
from training.settings import TrainingSettings


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
    try:
        if settings.schedule.head_epochs and checkpoint is None:
            fit_head_first(network, settings, data)
        module = _fit_all(network, settings, data, run_folder, checkpoint)
    except (KeyboardInterrupt, RunInterrupted) as error:
        go_on = f"`hangtag train resume={shlex.quote(str(run_folder))}`"
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
    trainer = make_tuning_trainer(
        settings,
        callbacks=[
            EpochProgressBar(),
            Divergence(settings.optimizer.lr),
            *patient,
            EpochCheckpoints(run_folder),
        ],
        loggers=make_loggers(settings, run_folder),
    )
    fit(trainer, module, *data.dataloaders(settings, trainer.num_devices), checkpoint)
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


def make_tuning_trainer(
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
    return make_trainer(
        settings.schedule.epochs,
        callbacks=[*averaging, *callbacks],
        loggers=loggers,
        accelerator="auto" if processes == 1 else "cuda" if torch.cuda.is_available() else "cpu",
        devices=processes,
        strategy="auto" if processes == 1 else _SideBySide(settings),
        precision=choose_precision(settings.hardware.precision),
        gradient_clip_val=5.0,
        accumulate_grad_batches=settings.optimizer.accumulate,
        log_every_n_steps=10,
    )


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
        for pixels, _ in data.subset(indices):
            parts.append([each.cpu().numpy() for each in network(pixels.to(device))])
    seen = [np.concatenate(each) for each in zip(*parts, strict=True)]
    outputs = [np.full((len(data.targets), each.shape[1]), np.nan, np.float32) for each in seen]
    for output, each in zip(outputs, seen, strict=True):
        output[indices] = each
    return Outputs(*outputs)
