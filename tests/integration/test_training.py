"""Training as a user runs it: `hangtag train` in a folder of its own."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from hangtag.bundle import load_bundle
from hangtag.cli.app import app
from hangtag.engine import load_engine
from hangtag.errors import DataInvalid, SettingsInvalid
from hangtag.images.decode import ImageLimits, decode_image
from tests.network_watch import NetworkWatch
from training.layout import LOCK, SETTINGS
from training.run.lock import alone_in
from training.run.sequence import resume_run, start_run
from training.settings import TrainingSettings, make_settings

PRODUCTS = 40
SIZE_PX = 32
CHECKPOINT_TIMEOUT_S = 120.0
# What libraries tell developers.
NOISE = re.compile(r"(?i)warning|tip:|gpu available|lightning|deprecat")
QUICK = ("--backbone", "resnet18", "--size", str(SIZE_PX))
FROM_SCRATCH = (*QUICK, "--weights", "none")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "hangtag.cli", *map(str, arguments)]


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
    succeed(folder, "demo-catalogue", "--folder", "demo", "--products", PRODUCTS)
    return folder


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> NetworkWatch:
    """What the finished run, `first`, asked of the network, and left in the home folder."""
    return NetworkWatch(tmp_path_factory.mktemp("watch"))


@pytest.fixture(scope="module")
def screen(workplace: Path, watch: NetworkWatch) -> str:
    """What a finished run, `first`, showed; no test may change its folder."""
    train = command("train", "--data", "demo", "--run", "first", "--epochs", 2, *FROM_SCRATCH)
    done = subprocess.run(
        [*watch.prefix, *train],
        cwd=workplace,
        # On a terminal that has not a single line to draw tables with.
        env={**watch.environment, "PYTHONIOENCODING": "ascii"},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(workplace: Path, screen: str) -> Path:
    return workplace / "first"


@pytest.fixture
def unfinished(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run and its data as it was before its bundle: to be changed."""
    shutil.copytree(finished.parent / "demo", tmp_path / "demo")
    shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("bundle"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


# A finished run


def test_a_run_writes_a_whole_bundle(finished: Path) -> None:
    bundle = load_bundle(finished / "bundle")
    assert bundle.manifest.backbone == "resnet18"
    assert bundle.manifest.preprocessing.size_px == SIZE_PX
    assert bundle.manifest.dataset.products == PRODUCTS
    assert bundle.manifest.training["network"]["weights"] == "none"
    assert len(bundle.manifest.golden) == 8
    profile = bundle.manifest.profile
    assert profile is not None
    assert profile.photos == len(csv_rows(finished / "test_scores.csv"))
    assert {each.group for each in profile.groups} == {g.name for g in bundle.label_space.groups}
    assert all(sum(each.shares.values()) == pytest.approx(1, abs=1e-3) for each in profile.groups)


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
    engine = load_engine({"fp32": bundle.model_path})
    scores = bundle.scorer.scores(engine.run(np.stack(pixels)).logits)
    names = [str(label.id) for label in bundle.label_space.labels]
    expected = np.array([[float(row[name]) for name in names] for row in rows])
    assert np.abs(scores - expected).max() < 1e-4


def test_the_screen_shows_figures_and_the_next_step(screen: str) -> None:
    assert re.search(r"micro-F1 +\| +0\.\d{3}", screen)
    assert "Trained resnet18: micro-F1 " in screen
    assert "hangtag archive --bundle first/bundle" in screen


def test_the_screen_is_free_of_advice_to_developers(screen: str) -> None:
    assert not NOISE.search(screen)


def test_training_calls_nobody(screen: str, watch: NetworkWatch) -> None:
    assert screen
    # Matplotlib keeps there which fonts it has found.
    assert [file for file in watch.left_at_home() if "matplotlib" not in file] == []
    assert watch.calls() == []


def test_a_finished_run_is_not_overwritten(workplace: Path, finished: Path) -> None:
    sentence = fail(workplace, "train", "--data", "demo", "--run", "first", *FROM_SCRATCH)
    assert sentence == "first holds a finished run; name another with --run …."


def test_a_head_is_fitted_to_the_weights_of_an_earlier_run_first(
    workplace: Path, finished: Path
) -> None:
    weights = "first/bundle/weights.pth"
    screen = succeed(
        workplace, "train", "--data", "demo", "--run", "second", *QUICK, "--weights", weights,
        "--epochs", 1, "--head-epochs", 20, "--precision", "fp32", "--learning-rate", 1e-9,
    )  # fmt: skip
    assert "Embedding photos" in screen
    bundle = load_bundle(workplace / "second" / "bundle")
    # Next to nothing is learned after the head: the body is what it was.
    first, last = (body_of(path) for path in (workplace / weights, bundle.folder / "weights.pth"))
    assert first.keys() == last.keys()
    for name in first:
        if name.endswith((".weight", ".bias")):
            torch.testing.assert_close(last[name], first[name], rtol=0, atol=1e-6)
    training, metrics = bundle.manifest.training, bundle.manifest.metrics
    assert (training["hardware"]["precision"], training["network"]["weights"]) == ("fp32", weights)
    earlier = load_bundle(finished / "bundle").manifest.metrics
    assert metrics["micro_f1"] > 0.9 * earlier["micro_f1"]


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


def test_a_killed_run_goes_on_from_its_newest_whole_checkpoint(workplace: Path) -> None:
    train = ("train", "--data", "demo", "--run", "killed", "--epochs", 4, *FROM_SCRATCH)
    run_folder = workplace / "killed"
    kill_at_second_checkpoint(workplace, train, run_folder / "checkpoints")
    assert not (run_folder / "bundle").exists()
    whole, *later = sorted((run_folder / "checkpoints").iterdir())
    for path in later:
        path.unlink()
    cut_short = whole.with_name("epoch=001.ckpt")
    cut_short.write_bytes(whole.read_bytes()[:100_000])

    screen = succeed(workplace, *train)
    assert "Going on with killed from killed/checkpoints/epoch=000.ckpt." in screen
    assert load_bundle(run_folder / "bundle").manifest.training["schedule"]["epochs"] == 4
    epochs = [row["epoch"] for row in csv_rows(run_folder / "log" / "attempt-02" / "metrics.csv")]
    assert sorted(set(epochs)) == ["1", "2", "3"]
    assert not NOISE.search(screen)


def test_ctrl_c_says_how_to_go_on(workplace: Path) -> None:
    train = ("train", "--data", "demo", "--run", "ctrl-c", "--epochs", 500, *FROM_SCRATCH)
    checkpoints = workplace / "ctrl-c" / "checkpoints"
    with subprocess.Popen(
        command(*train), cwd=workplace, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as training:  # fmt: skip
        give_up_at = time.monotonic() + CHECKPOINT_TIMEOUT_S
        while not list(checkpoints.glob("*.ckpt")):
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=CHECKPOINT_TIMEOUT_S)
    assert training.returncode == 1
    assert said.strip().splitlines()[-1] == "Stopped; go on with: `hangtag train --resume ctrl-c`"
    assert "Traceback" not in said


def test_a_finished_run_is_not_resumed(finished: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is finished: its bundle is"):
        resume_run(finished)


def kill_at_second_checkpoint(folder: Path, train: tuple[object, ...], checkpoints: Path) -> None:
    """The first is whole then, even where writing one takes a while."""
    with subprocess.Popen(
        command(*train), cwd=folder, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + CHECKPOINT_TIMEOUT_S
        while len(list(checkpoints.glob("*.ckpt"))) < 2:
            assert process.poll() is None, "training ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_a_checkpoint_cut_short_that_was_asked_for_is_refused(unfinished: Path) -> None:
    asked_for = unfinished / "checkpoints" / "epoch=001.ckpt"
    asked_for.write_bytes(asked_for.read_bytes()[:100_000])
    with pytest.raises(SettingsInvalid, match=r"epoch=001\.ckpt is no whole checkpoint; resume="):
        resume_run(asked_for)


def test_a_run_whose_data_changed_is_not_gone_on_with(unfinished: Path) -> None:
    products = Path("demo/products.csv")
    lines = products.read_text(encoding="utf-8").splitlines(keepends=True)
    products.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DataInvalid, match=r"^demo has changed since .*run began; start a new run"):
        resume_run(unfinished)


def test_a_run_whose_split_changed_is_not_gone_on_with(unfinished: Path) -> None:
    products = Path("demo/products.csv")
    header, *rows = products.read_text(encoding="utf-8").splitlines()
    lines = [f"{header},split", f"{rows[0]},test", *(f"{row}," for row in rows[1:])]
    products.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = (unfinished / "splits.csv").read_bytes()
    with pytest.raises(DataInvalid, match=r"^demo has changed since .*run began; start a new run"):
        resume_run(unfinished)
    assert (unfinished / "splits.csv").read_bytes() == before


def test_other_settings_do_not_go_on_with_a_run(unfinished: Path) -> None:
    settings = make_settings(
        Path("demo"),
        {
            "network.weights": "none",
            "network.backbone": "resnet18",
            "data.size_px": SIZE_PX,
            "schedule.epochs": 3,
        },
    )
    with pytest.raises(SettingsInvalid, match="unfinished run with other settings; go on with it"):
        start_run(settings, unfinished)


def test_a_run_that_another_process_goes_on_with_is_left_alone(unfinished: Path) -> None:
    def files() -> dict[Path, int]:
        found = (path for path in unfinished.rglob("*") if path.name != LOCK)
        return {path: path.stat().st_mtime_ns for path in found if path.is_file()}

    before = files()
    record = json.loads((unfinished / SETTINGS).read_text(encoding="utf-8"))
    settings = TrainingSettings.model_validate(record["settings"])
    with alone_in(unfinished):
        again: list[Callable[[], object]] = [
            lambda: resume_run(unfinished),
            lambda: start_run(settings, unfinished),
        ]
        for go_on in again:
            with pytest.raises(SettingsInvalid, match=r"^Another process trains into "):
                go_on()
    assert files() == before


def test_a_new_run_is_not_begun_where_another_process_begins_one(
    unfinished: Path, tmp_path: Path
) -> None:
    settings = make_settings(
        Path("demo"),
        {
            "network.weights": "none",
            "network.backbone": "resnet18",
            "data.size_px": SIZE_PX,
            "schedule.epochs": 1,
        },
    )
    with (
        alone_in(tmp_path / "new"),
        pytest.raises(SettingsInvalid, match=r"^Another process trains into "),
    ):
        start_run(settings, tmp_path / "new")
    assert not (tmp_path / "new" / SETTINGS).exists()


def test_a_folder_that_is_no_run_cannot_be_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="has not begun to train"):
        resume_run(tmp_path)


@pytest.mark.parametrize("name", ["missing", "run/checkpoints/missing.ckpt"])
def test_what_does_not_exist_cannot_be_gone_on_with(name: str, unfinished: Path) -> None:
    with pytest.raises(SettingsInvalid, match=f"^resume=.*{name} does not exist"):
        resume_run(unfinished.parent / name)


@pytest.mark.parametrize(
    "option",
    [("--backbone", "resnet18"), ("--weights", "none"), ("--skip-bad",), ("--quick",)],
    ids=lambda option: option[0],
)
def test_what_a_run_has_of_its_own_is_not_given_again(option: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["train", "--resume", "anything", *option])
    assert done.exit_code == 1
    assert done.stderr.startswith("--resume goes on with the run's own data and settings")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"loss.contrastive_weight": 0.1, "loss.contrastive_group": "smell"},
            "must be an exclusive group",
        ),
        ({"hardware.compile": True}, "needs a C.. compiler"),
    ],
    ids=["contrastive_group", "compile"],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    given: dict[str, Any],
    sentence: str,
    workplace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    settings = make_settings(
        workplace / "demo", {"network.weights": "none", "network.backbone": "resnet18", **given}
    )
    with pytest.raises(SettingsInvalid, match=sentence):
        start_run(settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_ctrl_c_in_the_head_phase_says_how_to_go_on(workplace: Path) -> None:
    train = (
        "train", "--data", "demo", "--run", "head", "--head-epochs", 100_000, *FROM_SCRATCH,
    )  # fmt: skip
    with subprocess.Popen(
        command(*train), cwd=workplace, env={**environment(), "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as training:  # fmt: skip
        assert training.stdout is not None
        while "Embedding photos" not in (line := training.stdout.readline()):
            assert line, "training ended before it could be stopped"
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=CHECKPOINT_TIMEOUT_S)
    assert said.strip().splitlines()[-1] == "Stopped; go on with: `hangtag train --resume head`"
    assert "Traceback" not in said


# How fast photos are read


def test_reading_photos_is_measured_beside_training(workplace: Path) -> None:
    screen = succeed(
        workplace, "input-speed", "--data", "demo", "--seconds", 1, "--backbone", "resnet18",
        "--weights", "none", "--set", f"data.size_px={SIZE_PX}", "--run", "speed", "--skip-bad",
    )  # fmt: skip
    assert not NOISE.search(screen)
    assert "The figures are in speed/input_speed.json." in screen
    figures = json.loads((workplace / "speed" / "input_speed.json").read_text())
    assert figures["keeps_up"] == (figures["ratio"] >= 0.9)
    assert f"a ratio of {figures['ratio']:.2f}" in screen


# Data that is not as it should be


@pytest.fixture(scope="module")
def flawed(workplace: Path) -> Path:
    """The catalogue as a plain two-column csv, with a broken photo and an unknown label."""
    folder = workplace / "flawed"
    shutil.copytree(workplace / "demo" / "images", folder / "images")
    document = json.loads((workplace / "demo" / "labels.json").read_text())
    names = {str(label["id"]): label["name"] for label in document["labels"]}
    (folder / "labels.json").write_text(json.dumps(names))
    rows = [
        {"ImageId": Path(row["image"]).name, "ClassId": row["labels"]}
        for row in csv_rows(workplace / "demo" / "products.csv")
    ]
    photo = folder / "images" / rows[0]["ImageId"]
    photo.write_bytes(photo.read_bytes()[:500])
    rows[1]["ClassId"] += "_nonsense"
    write_csv(folder / "train.csv", rows)
    return folder


def test_bad_photos_and_rows_stop_the_run(workplace: Path, flawed: Path) -> None:
    sentence = fail(workplace, "train", "--data", "flawed", "--run", "stopped", *FROM_SCRATCH)
    assert sentence == (
        "The dataset has 2 bad rows or photos (1 unknown_label, 1 broken_photo); "
        "stopped/data_report.json lists them all, and --skip-bad goes on without them."
    )
    report = json.loads((workplace / "stopped" / "data_report.json").read_text())
    assert {problem["kind"] for problem in report["problems"]} == {"broken_photo", "unknown_label"}


def test_the_plain_csv_trains_without_its_bad_photos_and_rows(
    workplace: Path, flawed: Path
) -> None:
    screen = succeed(
        workplace, "train", "--data", "flawed", "--run", "skipping", "--epochs", 1, "--skip-bad",
        "--set", "data.max_image_pixels=70000000",
        *FROM_SCRATCH,
    )  # fmt: skip
    assert "Left out" in screen
    assert not NOISE.search(screen)
    bundle = load_bundle(workplace / "skipping" / "bundle")
    assert bundle.manifest.dataset.source == "train.csv"
    assert bundle.manifest.limits == ImageLimits(max_image_pixels=70_000_000)
    assert bundle.manifest.dataset.photos == len(csv_rows(flawed / "train.csv")) - 2
    assert [group.name for group in bundle.label_space.groups] == ["labels"]


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
