"""Recipes beside a run, as a user compares them: `hangtag baselines`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.recipes.finished_run import keep_split, load_run
from bench.recipes.result import load_or_train
from bench.recipes.write_ups import RECIPES
from hangtag.cli.app import app
from hangtag.errors import DataInvalid, SettingsInvalid
from training.evaluate import load_evaluated
from training.layout import LOCK
from training.run.lock import alone_in

PRODUCTS = 40
# What libraries tell developers.
NOISE = re.compile(r"(?i)warning|tip:|gpu available|lightning|deprecat")
LIMITS = ("--epochs", 2, "--share", 0.5)


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return subprocess.run(
        [sys.executable, "-m", "hangtag.cli", *map(str, arguments)],
        cwd=folder, env=environment | {"COLUMNS": "200"}, text=True, capture_output=True,
    )  # fmt: skip


def succeed(folder: Path, *arguments: object) -> str:
    """Run, and return what stands on the screen."""
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue and a finished run, `ours`."""
    folder = tmp_path_factory.mktemp("recipes")
    succeed(folder, "demo-catalogue", "--folder", "demo", "--products", PRODUCTS)
    succeed(
        folder, "train", "--data", "demo", "--run", "ours", "--epochs", 2,
        "--backbone", "resnet18", "--size", 32, "--weights", "none",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def screen(workplace: Path) -> str:
    """What comparing with all recipes showed."""
    return succeed(workplace, "baselines", "--run", "ours", *LIMITS)


@pytest.fixture
def compared(workplace: Path, screen: str, tmp_path: Path) -> Path:
    """A copy of the run with its recipes, to be changed."""
    ignored = shutil.ignore_patterns("bundle", "checkpoints")
    return Path(shutil.copytree(workplace / "ours", tmp_path / "compared", ignore=ignored))


@pytest.fixture
def own_run(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run and its data, to be changed."""
    shutil.copytree(workplace / "demo", tmp_path / "demo")
    ignored = shutil.ignore_patterns("bundle", "checkpoints", "recipes")
    shutil.copytree(workplace / "ours", tmp_path / "ours", ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ours"


def figures(run_folder: Path) -> Any:
    return json.loads((run_folder / "report.json").read_text(encoding="utf-8"))


def test_all_recipes_stand_beside_the_run(workplace: Path, screen: str) -> None:
    found = figures(workplace / "ours")
    beside = found["baselines"]
    assert set(RECIPES) <= set(beside)
    for name in RECIPES:
        for measure in ("micro_f1", "map"):
            ahead, theirs = beside[name]["ahead"][measure], beside[name]["headline"][measure]
            own = found["headline"][measure]["value"]
            assert ahead["value"] == pytest.approx(own - theirs["value"])
            assert ahead["low"] < ahead["high"]
            assert 0 <= theirs["value"] < 1
    page = (workplace / "ours" / "report.html").read_text(encoding="utf-8")
    assert all(f"<th>{name}</th>" in page for name in RECIPES)
    assert "2 of 30" in screen


def test_the_screen_ends_with_what_was_done(screen: str) -> None:
    last = " ".join(screen.split("Compared ours")[1].split())
    assert last.startswith("with 5 recipes: its micro-F1 is ")
    assert "The page is ours/report.html" in last
    assert not NOISE.search(screen)


def test_a_recipe_is_measured_on_the_photos_of_the_run(workplace: Path, screen: str) -> None:
    ours = load_evaluated(workplace / "ours")
    theirs = load_evaluated(workplace / "ours" / "recipes" / "adam-bce-jitter")
    assert theirs.paths == ours.paths
    assert theirs.train_photos == round(ours.train_photos / 2)
    assert theirs.scores.std() > 0


def test_what_is_trained_is_not_trained_again(workplace: Path, screen: str) -> None:
    before = figures(workplace / "ours")
    again = succeed(workplace, "baselines", "--run", "ours", *LIMITS)
    assert again.count("trained already") == len(RECIPES)
    assert figures(workplace / "ours") == before


def test_with_other_settings_it_is(workplace: Path, compared: Path) -> None:
    record = compared / "recipes" / "last-two-layers" / "recipe.json"
    before = record.read_text(encoding="utf-8")
    options = ("--run", compared, "--only", "last-two-layers", "--share", 0.5, "--epochs", 1)
    said = succeed(workplace, "baselines", *options)
    assert "last-two-layers: 1 pass over" in said
    assert record.read_text(encoding="utf-8") != before
    assert set(figures(compared)["baselines"]) & set(RECIPES) == {"last-two-layers"}


# Lightning's of its own dependencies, and its advice on workers.
@pytest.mark.filterwarnings("ignore")
def test_with_another_split_it_is_too(
    own_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = load_run(own_run, tmp_path / "out")
    keep_split(found, tmp_path / "out")
    recipe, folder = RECIPES["last-two-layers"].at_most(1), tmp_path / "out" / "recipe"
    for trained_already in (False, True):
        load_or_train(recipe, found, folder)
        assert ("trained already" in capsys.readouterr().out) is trained_already
    splits = own_run / "splits.csv"
    splits.write_text(splits.read_text(encoding="utf-8") + "new.jpg,new,0,train\n", "utf-8")
    load_or_train(recipe, found, folder)
    assert "trained already" not in capsys.readouterr().out


def test_a_kill_loses_no_whole_pass(own_run: Path) -> None:
    options = ("--run", "ours", "--only", "bce-grey-jitter", "--epochs", 12)
    recipe = own_run / "recipes" / "bce-grey-jitter"
    kill_at_second_checkpoint(own_run.parent, recipe / "unfinished", *options)
    again = succeed(own_run.parent, "baselines", *options)
    kept = "ours/recipes/bce-grey-jitter/unfinished/phase-1/checkpoints/epoch="
    assert f"Going on from {kept}" in again
    assert f"Going on from {kept}011" not in again
    assert not (recipe / "unfinished").exists()


def kill_at_second_checkpoint(folder: Path, unfinished: Path, *options: object) -> None:
    """The first is whole then."""
    with subprocess.Popen(
        [sys.executable, "-m", "hangtag.cli", "baselines", *map(str, options)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        end = time.monotonic() + 120
        while len(list(unfinished.rglob("epoch=*.ckpt"))) < 2:
            assert process.poll() is None, "training ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL


# Lightning's of its own dependencies, and its advice on workers.
@pytest.mark.filterwarnings("ignore")
def test_what_was_begun_with_other_settings_is_begun_anew(
    own_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = load_run(own_run, tmp_path / "out")
    keep_split(found, tmp_path / "out")
    recipe, folder = RECIPES["last-two-layers"].at_most(1), tmp_path / "out" / "recipe"
    load_or_train(recipe, found, folder)
    # As a kill leaves it.
    unfinished = folder / "unfinished"
    unfinished.mkdir()
    (folder / "recipe.json").rename(unfinished / "recipe.json")
    load_or_train(RECIPES["last-two-layers"].at_most(2), found, folder)
    assert "was begun with other settings, and is begun anew" in capsys.readouterr().out
    assert not unfinished.exists()


def test_two_processes_do_not_train_recipes_into_one_folder(own_run: Path) -> None:
    out = own_run / "recipes"
    with alone_in(out):
        refused = run(own_run.parent, "baselines", "--run", "ours", "--epochs", 1)
    assert refused.returncode == 1
    assert "Another process trains into ours/recipes" in " ".join(refused.stderr.split())
    assert "--out …" in refused.stderr
    assert {each.name for each in out.iterdir()} == {LOCK}


def test_evaluating_the_run_takes_recipes_too(workplace: Path, compared: Path) -> None:
    other = compared / "recipes" / "bce-grey-jitter"
    succeed(workplace, "evaluate", "--run", compared, "--beside", other)
    assert set(figures(compared)["baselines"]) & set(RECIPES) == {"bce-grey-jitter"}


def test_an_unknown_recipe_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "test_photos.npz").touch()
    done = CliRunner().invoke(app, ["baselines", "--run", str(tmp_path), "--only", "magic"])
    assert done.exit_code == 1
    assert done.stderr.startswith("There is no recipe 'magic'; there are: one-cycle-unfrozen, ")
    assert len(done.stderr.splitlines()) == 1


# Runs that recipes cannot be compared with


def test_an_unfinished_run_is_refused(own_run: Path, tmp_path: Path) -> None:
    (own_run / "test_photos.npz").unlink()
    with pytest.raises(DataInvalid, match=r"holds no test_photos\.npz"):
        load_run(own_run, tmp_path / "out")


def test_settings_that_cannot_be_read_are_refused(own_run: Path, tmp_path: Path) -> None:
    (own_run / "settings.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"settings\.json cannot be read"):
        load_run(own_run, tmp_path / "out")


def test_settings_of_another_release_do_not_matter(own_run: Path, tmp_path: Path) -> None:
    path = own_run / "settings.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["settings"]["of_another_release"] = 1
    path.write_text(json.dumps(record), encoding="utf-8")
    found = load_run(own_run, tmp_path / "out")
    assert found.settings.data.size_px == 32
    assert len(found.data.splits.test) == len(found.evaluated)


def test_another_split_is_refused(own_run: Path, tmp_path: Path) -> None:
    path = own_run / "splits.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",test", ",train", 1), encoding="utf-8")
    found = load_run(own_run, tmp_path / "out")
    with pytest.raises(DataInvalid, match=r"how it is split has changed since .*ours was trained"):
        keep_split(found, tmp_path / "out")


def test_the_folder_of_a_run_is_no_place_for_recipes(own_run: Path, tmp_path: Path) -> None:
    (own_run / "splits.csv").write_text("as it was", encoding="utf-8")
    other = Path(shutil.copytree(own_run, tmp_path / "other"))
    for out in (own_run, other):
        with pytest.raises(SettingsInvalid, match=r"is a run's folder: name another"):
            load_run(own_run, out)
        assert (out / "splits.csv").read_text(encoding="utf-8") == "as it was"


def test_changed_data_are_refused(own_run: Path, tmp_path: Path) -> None:
    products = Path("demo/products.csv")
    lines = products.read_text(encoding="utf-8").splitlines(keepends=True)
    products.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DataInvalid, match=r"^demo or how it is split has changed since"):
        load_run(own_run, tmp_path / "out")


def test_a_share_of_the_photos_is_drawn_by_the_seed(own_run: Path, tmp_path: Path) -> None:
    found = load_run(own_run, tmp_path / "out")
    half, again = (found.learning_from(0.5).data.splits for _ in range(2))
    assert half.train.tolist() == again.train.tolist()
    assert len(half.train) == round(len(found.data.splits.train) / 2)
    assert set(half.train) < set(found.data.splits.train)
    assert half.test is found.data.splits.test
