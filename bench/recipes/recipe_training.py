"""Trains a recipe on the photos and the backbone of a finished run."""

from pathlib import Path

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from bench.recipes.finished_run import FinishedRun
from bench.recipes.photo_choice import balance
from bench.recipes.recipe import Recipe
from bench.recipes.recipe_module import RecipeModule
from bench.recipes.recipe_network import build_network
from hangtag.arrays import FloatArray
from training.data.photo_dataset import Batch
from training.errors import RunInterrupted
from training.fit.callbacks import Divergence, EpochProgressBar
from training.fit.checkpoints import EpochCheckpoints, newest_checkpoint
from training.fit.device import choose_memory_format, choose_precision
from training.fit.fine_tuning import predict
from training.fit.loop import fit, make_trainer
from training.model.backbones import build_backbone


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
            trainer = make_trainer(
                phase.passes,
                callbacks=[
                    EpochProgressBar(),
                    Divergence(phase.head_rate),
                    EpochCheckpoints(phase_folders[index]),
                ],
                devices=1,
                precision=precision,
            )
            # Nothing but the weights of a phase that was done already.
            fit(trainer, module, _photos(recipe, run, seed), checkpoint=checkpoints[index])
        return predict(network, data, data.splits.test).logits[data.splits.test]
    except (KeyboardInterrupt, RunInterrupted) as error:
        raise RunInterrupted(
            f"Stopped; the same command goes on with {recipe.name} after its last whole pass."
        ) from error


def _photos(recipe: Recipe, run: FinishedRun, seed: int) -> DataLoader[Batch]:
    settings, data = run.settings, run.data
    rows = data.splits.train
    if recipe.balanced:
        rows = balance(rows, data.targets, data.label_space, settings.seed)
    return data.shuffled(rows, batch_size=recipe.batch_size or settings.data.batch_size, seed=seed)
