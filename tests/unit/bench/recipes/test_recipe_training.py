"""A whole recipe, trained on photos of a few pixels."""

import shutil
import signal
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from bench.recipes.finished_run import FinishedRun
from bench.recipes.recipe import Recipe
from bench.recipes.recipe_module import RecipeModule
from bench.recipes.recipe_training import train_recipe
from bench.recipes.write_ups import RECIPES
from tests.tiny_training import LABELS, SIZE_PX, TRAIN_PHOTOS, tiny_training_data
from tests.unit.training.evaluate.synthetic import evaluated
from training.errors import RunInterrupted
from training.settings import make_settings


@pytest.fixture
def restored_ctrl_c() -> Iterator[None]:
    """Lightning turns it off when it has heard it."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def run(tmp_path: Path) -> FinishedRun:
    settings = make_settings(
        tmp_path,
        {
            "network.weights": "none",
            "network.backbone": "resnet18",
            "data.size_px": SIZE_PX,
            "data.batch_size": 8,
        },
    )
    return FinishedRun(tmp_path, settings, tiny_training_data(tmp_path), evaluated(5))


def logits_of(recipe: Recipe, run: FinishedRun, folder: Path | None = None) -> np.ndarray:
    with warnings.catch_warnings(), TemporaryDirectory() as unfinished:
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies
        return train_recipe(recipe, run, folder or Path(unfinished))


def test_there_are_logits_of_each_test_photo_and_the_same_again(run: FinishedRun) -> None:
    recipe = RECIPES["last-two-layers"].at_most(1)
    logits = logits_of(recipe, run)
    assert logits.shape == (len(run.data.splits.test), LABELS)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    np.testing.assert_array_equal(logits_of(recipe, run), logits)
    other = replace(run, settings=run.settings.model_copy(update={"seed": 8}))
    assert not np.array_equal(logits_of(recipe, other), logits)


def test_recipes_learn_in_all_their_phases(run: FinishedRun) -> None:
    recipe = RECIPES["one-cycle-unfrozen"]
    first_only = replace(recipe, phases=recipe.phases[:1])
    both, first = (logits_of(each.at_most(each.passes // 4), run) for each in (recipe, first_only))
    assert not np.array_equal(both, first)


def test_the_test_photos_are_never_learned_from(run: FinishedRun) -> None:
    recipe = RECIPES["adam-bce-jitter"].at_most(1)
    logits = logits_of(recipe, run)
    targets = run.data.targets.copy()
    targets[TRAIN_PHOTOS:] = 1 - targets[TRAIN_PHOTOS:]
    lied_to = replace(run, data=replace(run.data, targets=targets))
    np.testing.assert_array_equal(logits_of(recipe, lied_to), logits)


def test_it_goes_on_after_any_pass_to_the_same_end(
    run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = RECIPES["one-cycle-unfrozen"].at_most(4)
    whole = tmp_path / "whole"
    logits = logits_of(recipe, run, whole)
    checkpoints = sorted(whole.rglob("*.ckpt"))
    assert len(checkpoints) == recipe.passes
    assert "Going on" not in capsys.readouterr().out
    for passes in range(1, recipe.passes + 1):
        begun = tmp_path / f"after-{passes}"
        kept = [begun / each.relative_to(whole) for each in checkpoints[:passes]]
        for original, copy in zip(checkpoints, kept, strict=False):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(original, copy)
        written = [copy.stat().st_mtime_ns for copy in kept]
        np.testing.assert_array_equal(logits_of(recipe, run, begun), logits)
        assert f"Going on from {kept[-1]}." in capsys.readouterr().out
        # No pass was done again.
        assert [copy.stat().st_mtime_ns for copy in kept] == written


def test_a_checkpoint_that_was_cut_short_is_not_taken(
    run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = RECIPES["one-cycle-unfrozen"].at_most(2)
    logits = logits_of(recipe, run, tmp_path)
    first, second = sorted(tmp_path.rglob("*.ckpt"))
    second.write_bytes(second.read_bytes()[:1000])
    capsys.readouterr()
    np.testing.assert_array_equal(logits_of(recipe, run, tmp_path), logits)
    assert f"Going on from {first}." in capsys.readouterr().out


@pytest.mark.usefixtures("restored_ctrl_c")
def test_ctrl_c_says_how_to_go_on(
    run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RecipeModule, "training_step", press)
    with pytest.raises(RunInterrupted, match=r"goes on with last-two-layers after its last whole"):
        logits_of(RECIPES["last-two-layers"], run, tmp_path)
