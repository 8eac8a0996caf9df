"""Training as a user runs it: `python -m training` in a folder of its own."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hangtag.bundle import load_bundle
from hangtag.decisions import sigmoid
from hangtag.engine import Engine
from hangtag.images import ImageLimits, decode_image

PRODUCTS = 40
SIZE_PX = 32
FIRST_CHECKPOINT_TIMEOUT_S = 120.0
QUICK = ("--backbone", "resnet18", "--size", str(SIZE_PX))
FROM_SCRATCH = (*QUICK, "--weights", "none")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "training", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(), text=True, capture_output=True
    )


def succeed(folder: Path, *arguments: object) -> str:
    """Run, and return what stands on the screen."""
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def fail(folder: Path, *arguments: object) -> str:
    """Run what must end with one sentence, and return that sentence."""
    done = run(folder, *arguments)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a rendered catalogue, `demo`, that no test may change."""
    folder = tmp_path_factory.mktemp("training")
    succeed(folder, "demo", "--folder", "demo", "--products", PRODUCTS)
    return folder


@pytest.fixture(scope="module")
def screen(workplace: Path) -> str:
    """What a finished run, `first`, showed; no test may change its folder."""
    return succeed(
        workplace, "train", "--data", "demo", "--run", "first", "--epochs", 2, *FROM_SCRATCH
    )


@pytest.fixture(scope="module")
def finished(workplace: Path, screen: str) -> Path:
    return workplace / "first"


@pytest.fixture
def unfinished(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run and its data as it was before its bundle: `run`, to be changed."""
    shutil.copytree(finished.parent / "demo", tmp_path / "demo")
    shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("bundle"))
    return tmp_path / "run"


# A finished run


def test_a_run_writes_a_whole_bundle(finished: Path) -> None:
    bundle = load_bundle(finished / "bundle")
    assert bundle.manifest.backbone == "resnet18"
    assert bundle.manifest.preprocessing.size_px == SIZE_PX
    assert bundle.manifest.dataset.products == PRODUCTS
    assert bundle.manifest.training["weights"] == "none"
    assert len(bundle.manifest.golden) == 8


def test_the_figures_are_those_of_the_bundle(finished: Path) -> None:
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics == load_bundle(finished / "bundle").manifest.metrics
    assert 0 < metrics["micro_f1"] < 1
    assert metrics["photos"] == len(csv_rows(finished / "test_scores.csv"))


@pytest.mark.parametrize("name", ["learning_curves", "groups", "labels", "predictions"])
def test_a_plot_shows_something(name: str, finished: Path) -> None:
    with Image.open(finished / f"{name}.png") as plot:
        assert min(plot.size) > 400
        assert np.asarray(plot.convert("L")).std() > 5


def test_the_scores_of_training_are_those_of_the_engine(finished: Path) -> None:
    bundle = load_bundle(finished / "bundle")
    rows = csv_rows(finished / "test_scores.csv")
    pixels = []
    for row in rows:
        photo = (finished.parent / row["image"]).read_bytes()
        image = decode_image(photo, ImageLimits(), SIZE_PX)
        pixels.append(bundle.manifest.preprocessing.to_model_input(image.rgb))
    scores = sigmoid(Engine(bundle.model_path).run(np.stack(pixels)).logits)
    names = [str(label.id) for label in bundle.label_space.labels]
    expected = np.array([[float(row[name]) for name in names] for row in rows])
    assert np.abs(scores - expected).max() < 1e-4


def test_the_screen_shows_figures_and_the_next_step(screen: str) -> None:
    assert re.search(r"micro-F1 +│ +0\.\d{3}", screen)
    assert "Trained resnet18 on " in screen
    assert "Next: make archive BUNDLE=first/bundle" in screen


def test_the_screen_is_free_of_advice_to_developers(screen: str) -> None:
    assert not re.findall(r"(?i)warning|tip:|gpu available|lightning|deprecat", screen)


def test_a_finished_run_is_not_overwritten(workplace: Path, finished: Path) -> None:
    sentence = fail(workplace, "train", "--data", "demo", "--run", "first", *FROM_SCRATCH)
    assert sentence == "first holds a finished run; name another with RUN=…."


def test_weights_of_an_earlier_run_train_frozen_then_unfrozen(
    workplace: Path, finished: Path
) -> None:
    weights = "first/bundle/weights.pth"
    succeed(
        workplace, "train", "--data", "demo", "--run", "second", *QUICK, "--weights", weights,
        "--epochs", 2, "--head-epochs", 1, "--precision", "fp32",
    )  # fmt: skip
    first, head_phase, last = (
        body_of(path)
        for path in (
            workplace / weights,
            workplace / "second" / "checkpoints" / "epoch=000.ckpt",
            workplace / "second" / "bundle" / "weights.pth",
        )
    )
    assert first.keys() == head_phase.keys() == last.keys()
    assert all(bool((head_phase[name] == each).all()) for name, each in first.items())
    assert not all(bool((last[name] == each).all()) for name, each in first.items())
    training = load_bundle(workplace / "second" / "bundle").manifest.training
    assert (training["precision"], training["weights"]) == ("fp32", weights)


def body_of(path: Path) -> dict[str, torch.Tensor]:
    """The body's weights in a bundle's weights.pth or a checkpoint, by their bare names."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    state = state.get("state_dict", state)
    return {
        name.removeprefix("network."): each
        for name, each in state.items()
        if name.removeprefix("network.").startswith("body.")
    }


# Interrupted runs


def test_a_killed_run_goes_on_where_it_stopped(workplace: Path) -> None:
    train = ("train", "--data", "demo", "--run", "killed", "--epochs", 6, *FROM_SCRATCH)
    kill_after_first_checkpoint(workplace, train, workplace / "killed" / "checkpoints")
    checkpoints = sorted((workplace / "killed" / "checkpoints").glob("*.ckpt"))
    assert not (workplace / "killed" / "bundle").exists()
    screen = succeed(workplace, *train)
    assert re.search(r"Going on with killed from killed/checkpoints/epoch=\d{3}\.ckpt\.", screen)
    assert len(list((workplace / "killed" / "checkpoints").glob("*.ckpt"))) == 6 > len(checkpoints)
    assert load_bundle(workplace / "killed" / "bundle").manifest.training["epochs"] == 6
    attempts = sorted((workplace / "killed" / "log").glob("attempt-*"))
    assert [path.name for path in attempts] == ["attempt-01", "attempt-02"]


def kill_after_first_checkpoint(folder: Path, train: tuple[object, ...], checkpoints: Path) -> None:
    with subprocess.Popen(
        command(*train), cwd=folder, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + FIRST_CHECKPOINT_TIMEOUT_S
        while not list(checkpoints.glob("*.ckpt")):
            assert process.poll() is None, "training ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_a_checkpoint_cut_short_is_skipped(unfinished: Path) -> None:
    newest = unfinished / "checkpoints" / "epoch=001.ckpt"
    newest.write_bytes(newest.read_bytes()[:100_000])
    screen = succeed(unfinished.parent, "train", "--resume", "run")
    assert "Going on with run from run/checkpoints/epoch=000.ckpt." in screen
    assert load_bundle(unfinished / "bundle").manifest.training["epochs"] == 2


def test_a_checkpoint_cut_short_that_was_asked_for_is_refused(unfinished: Path) -> None:
    asked_for = unfinished / "checkpoints" / "epoch=001.ckpt"
    asked_for.write_bytes(asked_for.read_bytes()[:100_000])
    sentence = fail(unfinished.parent, "train", "--resume", "run/checkpoints/epoch=001.ckpt")
    assert sentence == (
        "RESUME=run/checkpoints/epoch=001.ckpt is no whole checkpoint; "
        "RESUME=run takes the newest that is."
    )


def test_a_run_whose_data_changed_is_not_gone_on_with(unfinished: Path) -> None:
    products = unfinished.parent / "demo" / "products.csv"
    lines = products.read_text(encoding="utf-8").splitlines(keepends=True)
    products.write_text("".join(lines[:-1]), encoding="utf-8")
    sentence = fail(unfinished.parent, "train", "--resume", "run")
    assert sentence == "demo has changed since run began; start a new run instead."


def test_other_settings_do_not_go_on_with_a_run(unfinished: Path) -> None:
    sentence = fail(
        unfinished.parent, "train", "--data", "demo", "--run", "run", "--epochs", 3, *FROM_SCRATCH
    )
    assert sentence.startswith("run holds an unfinished run with other settings; go on with it by")


# Data that is not as it should be


def test_bad_photos_and_rows_stop_the_run_unless_they_are_skipped(
    workplace: Path, tmp_path: Path
) -> None:
    shutil.copytree(workplace / "demo", tmp_path / "demo")
    products = tmp_path / "demo" / "products.csv"
    rows = csv_rows(products)
    photo = tmp_path / "demo" / "images" / Path(rows[0]["image"]).name
    photo.write_bytes(photo.read_bytes()[:500])
    rows[1]["labels"] += "_nonsense"
    write_csv(products, rows)

    train = ("train", "--data", "demo", "--run", "run", "--epochs", 1, *FROM_SCRATCH)
    sentence = fail(tmp_path, *train)
    assert sentence == (
        "The dataset has 2 bad rows or photos (1 unknown_label, 1 broken_photo); "
        "run/data_report.json lists them all, and SKIP_BAD=1 goes on without them."
    )
    report = json.loads((tmp_path / "run" / "data_report.json").read_text())
    assert {problem["kind"] for problem in report["problems"]} == {"broken_photo", "unknown_label"}

    screen = succeed(tmp_path, *train, "--skip-bad")
    assert "Left out" in screen
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert bundle.manifest.dataset.photos == len(rows) - 2


def test_the_plain_two_column_csv_trains_too(workplace: Path, tmp_path: Path) -> None:
    shutil.copytree(workplace / "demo" / "images", tmp_path / "plain" / "images")
    document = json.loads((workplace / "demo" / "labels.json").read_text())
    names = {str(label["id"]): label["name"] for label in document["labels"]}
    (tmp_path / "plain" / "labels.json").write_text(json.dumps(names))
    write_csv(
        tmp_path / "plain" / "train.csv",
        [
            {"ImageId": Path(row["image"]).name, "ClassId": row["labels"]}
            for row in csv_rows(workplace / "demo" / "products.csv")
        ],
    )
    screen = succeed(
        tmp_path, "train", "--data", "plain", "--run", "run", "--epochs", 1, *FROM_SCRATCH
    )
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert bundle.manifest.dataset.source == "train.csv"
    assert [group.name for group in bundle.label_space.groups] == ["labels"]
    assert "Warning" not in screen


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
