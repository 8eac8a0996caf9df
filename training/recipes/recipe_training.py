"""Trains a recipe on the photos and the backbone of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from hangtag.decisions import FloatArray
from hangtag.errors import RunInterrupted
from training.backbones import build_backbone
from training.checkpoints import EpochCheckpoints, newest_checkpoint
from training.device import LightningPrecision, choose_memory_format, choose_precision
from training.network import TaggerNetwork
from training.progress import EpochProgressBar
from training.recipes.finished_run import FinishedRun
from training.recipes.photo_choice import balance
from training.recipes.recipe import Recipe
from training.recipes.recipe_lesson import RecipeLesson
from training.recipes.recipe_network import build_network

_PREDICTION_BATCH = 64


def train_recipe(recipe: Recipe, run: FinishedRun, folder: Path) -> FloatArray:
    """Train as the recipe says, phase by phase; return the logits (T, L) of the test photos.

    The folder keeps a checkpoint of the last pass, from which the same call goes on.

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    """
    settings, data = run.settings, run.data
    pl.seed_everything(settings.seed, verbose=False)
    backbone = build_backbone(settings.backbone, settings.weights, settings.size_px)
    network = build_network(backbone, recipe.head, len(data.label_space))
    precision = choose_precision(settings.precision)
    network.to(memory_format=choose_memory_format(precision))
    try:
        lesson = _teach(network, recipe, run, folder, precision)
        # In fp32: bf16 leaves too few different scores to rank photos by.
        test = data.subset(data.splits.test, batch_size=_PREDICTION_BATCH)
        batches: Any = _trainer("32-true").predict(lesson, test)
    except SystemExit as error:
        # How Lightning ends on Ctrl-C.
        raise RunInterrupted(
            f"Stopped; the same command goes on with {recipe.name} after its last whole pass."
        ) from error
    logits: FloatArray = torch.cat(batches).numpy()
    return logits


def _teach(
    network: TaggerNetwork,
    recipe: Recipe,
    run: FinishedRun,
    folder: Path,
    precision: LightningPrecision,
) -> RecipeLesson:
    """Train in every phase that is not done yet; return the last one's lesson."""
    settings, data = run.settings, run.data
    rows = data.splits.train
    if recipe.balanced:
        rows = balance(rows, data.targets, data.label_space, settings.seed)
    batch_size = recipe.batch_size or settings.batch_size
    phase_folders = [folder / f"phase-{number}" for number in range(1, len(recipe.phases) + 1)]
    checkpoints = [newest_checkpoint(each) for each in phase_folders]
    begun = max((number for number, each in enumerate(checkpoints) if each), default=0)
    for number in range(begun, len(recipe.phases)):
        phase = recipe.phases[number]
        # Each phase in an order, and with changes to photos, of its own.
        seed = settings.seed + number
        lesson = RecipeLesson(network, recipe, phase, data.label_space, settings.size_px, seed)
        photos = data.shuffled(rows, batch_size=batch_size, seed=seed)
        trainer = _trainer(precision, phase.passes, [EpochCheckpoints(phase_folders[number])])
        trainer.fit(lesson, photos, ckpt_path=checkpoints[number], weights_only=True)
    return lesson


def _trainer(
    precision: LightningPrecision, passes: int = 1, callbacks: Sequence[Callback] = ()
) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=passes,
        accelerator="auto",
        devices=1,
        precision=precision,
        logger=False,
        enable_checkpointing=bool(callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[EpochProgressBar(), *callbacks],
    )
