"""Trains a recipe on the photos and the backbone of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch.utils.data import DataLoader

from bench.recipes.finished_run import FinishedRun
from bench.recipes.photo_choice import balance
from bench.recipes.recipe import Recipe
from bench.recipes.recipe_module import RecipeModule
from bench.recipes.recipe_network import build_network
from hangtag.errors import RunInterrupted
from hangtag.scoring.decisions import FloatArray
from training.data.photo_dataset import Batch
from training.fit.checkpoints import EpochCheckpoints, WholeCheckpoints, newest_checkpoint
from training.fit.device import LightningPrecision, choose_memory_format, choose_precision
from training.fit.progress import EpochProgressBar
from training.model.backbones import build_backbone
from training.model.divergence import Divergence

_PREDICTION_BATCH = 64


def train_recipe(recipe: Recipe, run: FinishedRun, folder: Path) -> FloatArray:
    """Train as the recipe says, phase by phase; return the logits (T, L) of the test photos.

    The folder keeps checkpoints of each phase's last passes, from which the same call goes on.

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    """
    settings, data = run.settings, run.data
    phase_folders = [folder / f"phase-{number}" for number in range(1, len(recipe.phases) + 1)]
    checkpoints = [newest_checkpoint(each) for each in phase_folders]
    begun = max((index for index, each in enumerate(checkpoints) if each), default=None)
    if begun is not None:
        print(f"Going on from {checkpoints[begun]}.")
    pl.seed_everything(settings.seed, verbose=False)
    # A checkpoint brings the weights.
    weights = settings.network.weights if begun is None else "none"
    backbone = build_backbone(settings.network.backbone, weights, settings.data.size_px)
    network = build_network(backbone, recipe.head, len(data.label_space))
    precision = choose_precision(settings.hardware.precision)
    network.to(memory_format=choose_memory_format(precision))
    try:
        for index in range(begun or 0, len(recipe.phases)):
            # Each phase in an order, and with changes to photos, of its own.
            seed = settings.seed + index
            phase = recipe.phases[index]
            module = RecipeModule(
                network, recipe, phase, data.label_space, settings.data.size_px, seed
            )
            trainer = _trainer(
                precision,
                phase.passes,
                [Divergence(phase.head_rate), EpochCheckpoints(phase_folders[index])],
            )
            # Nothing but the weights of a phase that was done already.
            trainer.fit(
                module, _photos(recipe, run, seed), ckpt_path=checkpoints[index], weights_only=True
            )
        # In fp32: bf16 leaves too few different scores to rank photos by.
        test = data.subset(data.splits.test, batch_size=_PREDICTION_BATCH)
        batches: Any = _trainer("32-true").predict(module, test)
    except SystemExit as error:
        # How Lightning ends on Ctrl-C.
        raise RunInterrupted(
            f"Stopped; the same command goes on with {recipe.name} after its last whole pass."
        ) from error
    logits: FloatArray = torch.cat(batches).numpy()
    return logits


def _photos(recipe: Recipe, run: FinishedRun, seed: int) -> DataLoader[Batch]:
    settings, data = run.settings, run.data
    rows = data.splits.train
    if recipe.balanced:
        rows = balance(rows, data.targets, data.label_space, settings.seed)
    return data.shuffled(rows, batch_size=recipe.batch_size or settings.data.batch_size, seed=seed)


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
        plugins=[WholeCheckpoints()],
    )
