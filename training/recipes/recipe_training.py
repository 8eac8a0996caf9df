"""Trains a recipe on the photos and the backbone of a finished run."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch

from hangtag.decisions import FloatArray
from hangtag.errors import RunInterrupted
from training.backbones import build_backbone
from training.device import LightningPrecision, choose_memory_format, choose_precision
from training.progress import EpochProgressBar
from training.recipes.finished_run import FinishedRun
from training.recipes.photo_choice import balance
from training.recipes.recipe import Recipe
from training.recipes.recipe_lesson import RecipeLesson
from training.recipes.recipe_network import build_network

_PREDICTION_BATCH = 64


def train_recipe(recipe: Recipe, run: FinishedRun) -> FloatArray:
    """Train as the recipe says, phase by phase; return the logits (T, L) of the test photos.

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
    rows = data.splits.train
    if recipe.balanced:
        rows = balance(rows, data.targets, data.label_space, settings.seed)
    batch_size = recipe.batch_size or settings.batch_size
    photos = data.subset(rows, shuffle=True, batch_size=batch_size)
    test = data.subset(data.splits.test, shuffle=False, batch_size=_PREDICTION_BATCH)
    try:
        for phase in recipe.phases:
            lesson = RecipeLesson(network, recipe, phase, data.label_space, settings.size_px)
            _trainer(precision, phase.passes).fit(lesson, photos)
        # In fp32: bf16 leaves too few different scores to rank photos by.
        batches: Any = _trainer("32-true").predict(lesson, test)
    except SystemExit as error:
        # How Lightning ends on Ctrl-C.
        raise RunInterrupted(
            f"Stopped; the same command goes on with {recipe.name} from its beginning."
        ) from error
    logits: FloatArray = torch.cat(batches).numpy()
    return logits


def _trainer(precision: LightningPrecision, passes: int = 1) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=passes,
        accelerator="auto",
        devices=1,
        precision=precision,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[EpochProgressBar()],
    )
