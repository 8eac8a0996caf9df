"""Searching as a user does it: `hangtag search`, and `hangtag find-rate`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PRODUCTS = 40
TIMEOUT_S = 120.0
NOISE = re.compile(r"(?i)warning|tip:|gpu available|lightning|deprecat|experimental")
NETWORK = ("--backbone", "resnet18", "--weights", "none", "--size", "32")
SEARCH = (
    "search",
    "--data",
    "demo",
    *NETWORK,
    "--epochs",
    "2",
    "--set",
    "data.batch_size=8",
)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "hangtag.cli", *map(str, arguments)]


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=folder, text=True, capture_output=True)


def succeed(folder: Path, *arguments: object) -> str:
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a rendered catalogue, `demo`."""
    folder = tmp_path_factory.mktemp("search")
    succeed(folder, "demo-catalogue", "--folder", "demo", "--products", PRODUCTS)
    return folder


@pytest.fixture(scope="module")
def screens(workplace: Path) -> list[str]:
    """What a search showed, and what it showed when it went on."""
    return [succeed(workplace, *SEARCH, "--trials", trials) for trials in (2, 3)]


def test_a_search_ends_with_the_command_that_trains(workplace: Path, screens: list[str]) -> None:
    best = json.loads((workplace / "runs" / "search-demo" / "best.json").read_text())
    assert best["trials"] == 3
    shown = re.findall(r"^Trial \d+: micro-F1 ([\d.]+)", "".join(screens), re.MULTILINE)
    assert f"{best['validation_micro_f1']:.4f}" == max(shown)
    assert {"optimizer.lr", "network.dropout", "loss.label_smoothing"} <= best["settings"].keys()
    assert "data.batch_size" not in best["settings"]
    assert any(line.endswith(f"Next: {best['command']}") for line in screens[-1].splitlines())
    assert (
        " train --data demo --backbone resnet18 --weights none --learning-rate " in best["command"]
    )
    for setting in ("schedule.epochs=2", "data.batch_size=8", "hardware.devices=1"):
        assert f" --set {setting}" in best["command"]


def test_the_same_command_goes_on(screens: list[str]) -> None:
    trials = [re.findall(r"^Trial (\d+): ", screen, re.MULTILINE) for screen in screens]
    assert trials == [["0", "1"], ["2"]]


def test_a_search_leaves_pictures_and_no_bundle(workplace: Path, screens: list[str]) -> None:
    folder = workplace / "runs" / "search-demo"
    for name in ("history", "epochs"):
        with Image.open(folder / f"{name}.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 5
    assert not list(workplace.rglob("*.ckpt"))
    assert not list(workplace.rglob("bundle"))


def test_the_screen_is_free_of_advice_to_developers(screens: list[str]) -> None:
    assert not any(NOISE.search(screen) for screen in screens)


def test_another_search_needs_another_folder(workplace: Path, screens: list[str]) -> None:
    done = run(workplace, *SEARCH, "--set", "network.dropout=0.3")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "runs/search-demo holds a search with other settings or photos; name another folder with "
        "--study …."
    )


def test_a_quick_search_embeds_once(workplace: Path) -> None:
    screen = succeed(
        workplace, "search", "--data", "demo", "--quick", "--size", 64, "--trials", 3,
        "--epochs", 3,
    )  # fmt: skip
    assert len(re.findall(r"^Trial \d+: micro-F1", screen, re.MULTILINE)) == 3
    assert len(re.findall(r"Embedding photos.*100%", screen)) == 1
    assert "hangtag train --data demo --quick --learning-rate " in screen


def test_ctrl_c_says_how_to_go_on(workplace: Path) -> None:
    search = ("search", "--data", "demo", *NETWORK, "--epochs", 500, "--study", "stopped")
    journal = workplace / "stopped" / "study.journal"
    with subprocess.Popen(
        command(*search), cwd=workplace, env={**os.environ, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as searching:  # fmt: skip
        give_up_at = time.monotonic() + TIMEOUT_S
        # Its first epoch has been told.
        while not (journal.exists() and '"intermediate_value":' in journal.read_text()):
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
        searching.send_signal(signal.SIGINT)
        _, said = searching.communicate(timeout=TIMEOUT_S)
    assert searching.returncode == 1
    assert (
        said.strip().splitlines()[-1] == "Stopped after 0 of 20 trials; the same command goes on."
    )
    assert "Traceback" not in said


def test_the_rate_finder_suggests_a_rate(workplace: Path) -> None:
    screen = succeed(
        workplace, "find-rate", "--data", "demo", *NETWORK,
        "--set", "data.batch_size=8",
        "--steps", 60, "--out", "rates", "--set", "schedule.head_epochs=3",
    )  # fmt: skip
    # The head comes first, as in training.
    assert screen.index("Embedding photos") < screen.index("Raising the rate")
    figures = json.loads((workplace / "rates" / "rates.json").read_text())
    assert 1e-6 < figures["steepest"] < figures["lowest"] <= 1
    assert len(figures["rates"]) == len(figures["losses"]) <= 60
    rate = f"{figures['steepest']:.2g}"
    assert f"suggested learning rate {float(rate):g}" in screen.splitlines()
    following = (
        f" train --data demo --backbone resnet18 --weights none --learning-rate {float(rate)} "
        "--set data.batch_size=8 --set schedule.head_epochs=3 --set data.size_px=32 "
        "--set hardware.devices=1"
    )
    assert any(line.endswith(following) for line in screen.splitlines())
    assert not NOISE.search(screen)
    assert (workplace / "rates" / "rates.png").stat().st_size > 10_000
