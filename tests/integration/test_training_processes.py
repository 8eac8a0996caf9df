"""Training in several processes side by side, on a CPU."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from hangtag.bundle import load_bundle
from tests.integration.test_training import (
    CHECKPOINT_TIMEOUT_S,
    FROM_SCRATCH,
    NOISE,
    command,
    csv_rows,
    environment,
    succeed,
)
from tests.tiny_training import (
    TRAIN_PHOTOS,
    VALIDATION_PHOTOS,
    numbers_of,
    tiny_network,
    tiny_training_data,
)
from training.data.process import process_number
from training.fit.fine_tuning import make_module, make_tuning_trainer
from training.fit.loop import fit
from training.fit.tagger_module import TaggerModule
from training.settings import make_settings

PROCESSES = 2


class Recorder(pl.Callback):
    """Writes down which photos each process sees, and what it ends with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.learned: list[list[int]] = []
        self.validated: list[int] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.learned.append([])
        print("•")

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self.learned[-1] += numbers_of(batch[1])

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.validated = []

    def on_validation_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self.validated += numbers_of(batch[1])

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, TaggerModule)
        torch.save(
            {
                "learned": self.learned,
                "validated": self.validated,
                "parameters": dict(pl_module.network.named_parameters()),
                "f1": float(trainer.callback_metrics["val_micro_f1"]),
            },
            self.folder / f"process-{process_number()}.pt",
        )


@pytest.fixture(scope="module")
def module_and_records(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[TaggerModule, list[dict[str, Any]]]:
    """A module that two processes had, and what each of them saw."""
    folder = tmp_path_factory.mktemp("processes")
    settings = make_settings(
        Path("none"),
        {
            "network.weights": "imagenet",
            "hardware.devices": PROCESSES,
            "schedule.epochs": 3,
            "data.batch_size": 8,
            "hardware.precision": "fp32",
            "network.frozen_depth": 0.5,
        },
    )
    data = tiny_training_data(folder)
    module = make_module(tiny_network(), settings, data)
    with pytest.MonkeyPatch.context() as patched:
        # A terminal that lacks what they print fails no process.
        patched.setenv("PYTHONIOENCODING", "ascii")
        trainer = make_tuning_trainer(settings, callbacks=[Recorder(folder)])
        fit(trainer, module, *data.dataloaders(settings, PROCESSES))
    records = [
        torch.load(folder / f"process-{process}.pt", weights_only=True)
        for process in range(PROCESSES)
    ]
    return module, records


def test_processes_learn_from_disjoint_halves(
    module_and_records: tuple[TaggerModule, list[dict[str, Any]]],
) -> None:
    _, (one, other) = module_and_records
    assert len(one["learned"]) == len(other["learned"]) == 3
    for mine, theirs in zip(one["learned"], other["learned"], strict=True):
        # Whole batches of 8 of each half.
        assert len(mine) == len(theirs) == 16
        assert len({*mine, *theirs}) == 32
        assert max(*mine, *theirs) < TRAIN_PHOTOS
    assert one["learned"][0] != one["learned"][1]


def test_each_photo_is_validated_once(
    module_and_records: tuple[TaggerModule, list[dict[str, Any]]],
) -> None:
    _, (one, other) = module_and_records
    both = sorted(one["validated"] + other["validated"])
    assert both == list(range(TRAIN_PHOTOS, TRAIN_PHOTOS + VALIDATION_PHOTOS))


def test_all_processes_end_with_the_same_weights_and_so_does_the_first(
    module_and_records: tuple[TaggerModule, list[dict[str, Any]]],
) -> None:
    module, (one, other) = module_and_records
    for name, each in module.network.named_parameters():
        assert torch.equal(one["parameters"][name], other["parameters"][name]), name
        assert torch.equal(one["parameters"][name], each), name
    begun = dict(tiny_network().named_parameters())
    ended = dict(module.network.named_parameters())
    assert torch.equal(begun["body.0.weight"], ended["body.0.weight"])
    assert not torch.equal(begun["body.1.weight"], ended["body.1.weight"])


def test_the_f1_is_that_of_all_validation_photos(
    module_and_records: tuple[TaggerModule, list[dict[str, Any]]], tmp_path: Path
) -> None:
    module, (one, other) = module_and_records
    assert one["f1"] == other["f1"]
    data = tiny_training_data(tmp_path)
    rows = data.splits.validation
    with torch.no_grad():
        logits, _ = module.network.eval()(torch.from_numpy(data.decoded.pixels[rows]))
    predicted, true = logits.numpy() > 0, data.targets[rows] == 1
    expected = 2 * (predicted & true).sum() / (predicted.sum() + true.sum())
    assert one["f1"] == pytest.approx(float(expected), abs=1e-6)


# As a user runs it


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("side-by-side")
    succeed(folder, "demo-catalogue", "--folder", "demo", "--products", 40)
    return folder


@pytest.mark.slow
def test_a_run_in_two_processes_writes_one_whole_bundle(workplace: Path) -> None:
    screen = succeed(
        workplace, "train", "--data", "demo", "--run", "two", "--epochs", 2,
        "--set", f"hardware.devices={PROCESSES}", *FROM_SCRATCH,
    )  # fmt: skip
    assert not NOISE.search(screen)
    assert "Initializing distributed" not in screen
    assert screen.count("Training into two") == 1
    bundle = load_bundle(workplace / "two" / "bundle")
    assert bundle.manifest.training["hardware"]["devices"] == PROCESSES
    assert 0 < bundle.manifest.metrics["micro_f1"] < 1
    assert sorted(path.name for path in (workplace / "two" / "checkpoints").iterdir()) == [
        "epoch=001.ckpt"
    ]
    (log,) = (workplace / "two" / "log").iterdir()
    assert {row["epoch"] for row in csv_rows(log / "metrics.csv")} == {"0", "1"}
    stored = json.loads((workplace / "two" / "settings.json").read_text())["settings"]
    assert stored["hardware"]["devices"] == 2


def test_ctrl_c_ends_all_processes(workplace: Path) -> None:
    train = ("train", "--data", "demo", "--run", "ctrl-c", "--epochs", 500,
             "--set", f"hardware.devices={PROCESSES}", *FROM_SCRATCH)  # fmt: skip
    checkpoints = workplace / "ctrl-c" / "checkpoints"
    with subprocess.Popen(
        command(*train), cwd=workplace, env=environment(), text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as training:  # fmt: skip
        give_up_at = time.monotonic() + CHECKPOINT_TIMEOUT_S
        while not list(checkpoints.glob("*.ckpt")):
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
        # Not to the processes that it started: they must not go on without it.
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=CHECKPOINT_TIMEOUT_S)
    assert training.returncode == 1
    assert said.strip().splitlines()[-1] == "Stopped; go on with: `hangtag train --resume ctrl-c`"
    assert "Traceback" not in said
