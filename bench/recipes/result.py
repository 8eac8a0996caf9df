"""What a trained recipe leaves, and whether it has to be trained again."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.recipes.decision_rule import (
    DecidedByRule,
    by_decision_rule,
    nearest_decisions,
    recipe_scores,
)
from bench.recipes.finished_run import FinishedRun
from bench.recipes.recipe import Recipe
from bench.recipes.recipe_training import train_recipe
from training.evaluate import load_evaluated, save_evaluated
from training.evaluate.gathering import gather_test_photos
from training.layout import SPLITS_FILE

RECORD = "recipe.json"
# In a recipe's folder: checkpoints and record of what is not trained to its end yet.
_UNFINISHED = "unfinished"


def load_or_train(recipe: Recipe, run: FinishedRun, folder: Path) -> DecidedByRule:
    """Return what a recipe says of the test photos; train it if that is not known yet.

    The folder keeps the scores in the form of a run's: `make evaluate BESIDE=` takes it too, and
    there tags are chosen as the service chooses them, at most one in an exclusive group and none
    without its parent.
    """
    record = _record(recipe, run)
    passes = f"{recipe.passes} pass" + ("es" if recipe.passes > 1 else "")
    if _read_record(folder) == record:
        print(f"{recipe.name}: trained already, {folder} has its scores.")
        shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)
    else:
        print(f"{recipe.name}: {passes} over {len(run.data.splits.train):,} photos.")
        _train_into(folder, recipe, run, record)
    return by_decision_rule(load_evaluated(folder), recipe.activation)


def _train_into(folder: Path, recipe: Recipe, run: FinishedRun, record: dict[str, Any]) -> None:
    # The record says that all else is there: it goes first and comes last.
    (folder / RECORD).unlink(missing_ok=True)
    unfinished = _begin_or_go_on(folder / _UNFINISHED, record)
    space = run.data.label_space
    scores = recipe_scores(train_recipe(recipe, run, unfinished), space, recipe.activation)
    decided = nearest_decisions(space, recipe.activation)
    evaluated = gather_test_photos(
        run.data, decided, scores, None, target_precision=run.settings.calibration.target_precision
    )
    save_evaluated(evaluated, folder)
    (unfinished / RECORD).replace(folder / RECORD)
    shutil.rmtree(unfinished)


def _begin_or_go_on(unfinished: Path, record: dict[str, Any]) -> Path:
    """Return the folder with no checkpoints in it but those of this record."""
    if _read_record(unfinished) == record:
        return unfinished
    if unfinished.exists():
        print(f"{unfinished} was begun with other settings, and is begun anew.")
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    (unfinished / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return unfinished


def _record(recipe: Recipe, run: FinishedRun) -> dict[str, Any]:
    """Return all that the scores depend on, as plain values of json."""
    settings = run.settings
    record = {
        "recipe": asdict(recipe),
        "train_photos": len(run.data.splits.train),
        "dataset": run.data.identity.sha256,
        "splits": hashlib.sha256((run.folder / SPLITS_FILE).read_bytes()).hexdigest(),
        "backbone": settings.network.backbone,
        "weights": settings.network.weights,
        "size_px": settings.data.size_px,
        "batch_size": settings.data.batch_size,
        "precision": settings.hardware.precision,
        "seed": settings.seed,
        "group_by": settings.data.group_by,
        "target_precision": settings.calibration.target_precision,
    }
    plain: dict[str, Any] = json.loads(json.dumps(record))
    return plain


def _read_record(folder: Path) -> object:
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
