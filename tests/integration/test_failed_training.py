"""Runs that fail: one sentence, and nothing left but what can be gone on with."""

import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import DataInvalid, DiskFull
from training.run.sequence import start_run
from training.settings import make_settings

PRODUCTS = 24


def dataset(folder: Path, *, alike: bool) -> Path:
    (folder / "images").mkdir(parents=True)
    rows = ["image,labels,product_id"]
    for number in range(PRODUCTS):
        noise = np.random.default_rng(0 if alike else number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(noise).resize((64, 64)).save(folder / "images" / f"{number}.png")
        rows.append(f"{number}.png,{1 + number % 2},{number}")
    (folder / "products.csv").write_text("\n".join(rows) + "\n")
    (folder / "labels.json").write_text(json.dumps({"1": "Shirt", "2": "Hat"}))
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 20 MB: less than one checkpoint."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)],
            capture_output=True,
        ).returncode
    ):
        pytest.skip("only root can make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_photos_that_are_all_the_same_are_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = make_settings(
        dataset(tmp_path / "data", alike=True),
        {"network.weights": "none", "network.backbone": "resnet18", "data.size_px": 32},
    )
    with pytest.raises(DataInvalid, match=r"^All 24 photos are the same picture: there is nothing"):
        start_run(settings, Path("runs/same"))
    assert not Path("runs/same").exists()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path,
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = make_settings(
        dataset(tmp_path / "data", alike=False),
        {
            "network.weights": "none",
            "network.backbone": "resnet18",
            "data.size_px": 32,
            "data.batch_size": 16,
            "schedule.epochs": 1,
        },
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies and of workers
        with pytest.raises(DiskFull, match=rf"^No space left on {small_disk}/run/checkpoints "):
            start_run(settings, small_disk / "run")
    assert list(small_disk.iterdir()) == []
    # Before all that: what so few photos cannot measure.
    assert "photos to test on: fewer than 10 measure nothing" in capsys.readouterr().err
