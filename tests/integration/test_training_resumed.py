"""A run that was killed, and gone on with, ends as if nothing had happened."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from tests.integration.test_training import FROM_SCRATCH, kill_at_second_checkpoint, succeed
from tests.tiny_training import tiny_network, tiny_training_data
from training.fit.callbacks import EarlyStop
from training.fit.fine_tuning import make_module, make_tuning_trainer
from training.fit.loop import fit
from training.settings import TrainingSettings, make_settings

# All that is random: the order, the draws, augmentation, mixing, dropout.
RANDOM = ("--set", "network.dropout=0.2", "--set", "augmentation.mixup_alpha=0.4",
          "--set", "data.balance_max_count=12")  # fmt: skip
TRAIN = ("train", "--data", "demo", "--epochs", 5, "--batch-size", 8, *RANDOM, *FROM_SCRATCH)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resumed")
    succeed(folder, "demo-catalogue", "--folder", "demo", "--products", 40)
    succeed(folder, *TRAIN, "--run", "whole")
    return folder


def weights(run_folder: Path) -> dict[str, Tensor]:
    loaded: dict[str, Tensor] = torch.load(run_folder / "bundle" / "weights.pth", weights_only=True)
    return loaded


def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(workplace: Path) -> None:
    killed = workplace / "killed"
    kill_at_second_checkpoint(workplace, (*TRAIN, "--run", "killed"), killed / "checkpoints")
    assert not (killed / "bundle").exists()
    screen = succeed(workplace, "train", "--resume", "killed")
    assert "Going on with killed from killed/checkpoints/epoch=00" in screen
    expected, found = weights(workplace / "whole"), weights(killed)
    assert expected.keys() == found.keys()
    different = [name for name, each in expected.items() if not torch.equal(each, found[name])]
    assert different == []
    kept = sorted(path.name for path in (killed / "checkpoints").iterdir())
    assert kept == ["epoch=004.ckpt"]


# After each epoch, without the processes


def fitted(
    settings: TrainingSettings, folder: Path, checkpoint: Path | None = None
) -> dict[str, Tensor]:
    """The weights after training, with a checkpoint of every epoch in the folder."""
    data = tiny_training_data(folder)
    module = make_module(tiny_network(), settings, data)
    every = ModelCheckpoint(folder, filename="{epoch}", save_top_k=-1, enable_version_counter=False)
    patient = [EarlyStop(settings.schedule.patience)] if settings.schedule.patience else []
    trainer = make_tuning_trainer(settings, callbacks=[*patient, every])
    # What happened in the process before makes no difference.
    torch.manual_seed(0 if checkpoint is None else 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies and of workers
        fit(trainer, module, *data.dataloaders(settings, trainer.num_devices), checkpoint)
    return module.network.state_dict()


@pytest.mark.parametrize("epoch", [0, 1, 2])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"optimizer.ema": 0.0, "optimizer.accumulate": 2},
        {"hardware.precision": "bf16", "network.dropout": 0.3},
        {"augmentation.mixup_alpha": 0.4, "data.balance_max_count": 30},
        {"network.weights": "imagenet", "network.frozen_depth": 0.5, "data.size_px": 32},
    ],
    ids=["defaults", "plain", "bf16", "mixed", "frozen layers"],
)
def test_whenever_it_stopped_a_run_ends_the_same(
    given: dict[str, Any], epoch: int, tmp_path: Path
) -> None:
    settings = make_settings(
        Path("none"),
        {
            "network.weights": "none",
            "hardware.precision": "fp32",
            "data.batch_size": 8,
            "schedule.epochs": 4,
            **given,
        },
    )
    whole = {name: each.clone() for name, each in fitted(settings, tmp_path).items()}
    resumed = fitted(settings, tmp_path, tmp_path / f"epoch={epoch}.ckpt")
    assert [name for name, each in whole.items() if not torch.equal(each, resumed[name])] == []


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_run_that_had_ended_early_learns_no_more(epoch: int, tmp_path: Path) -> None:
    # So low that the second epoch is no better than the first.
    settings = make_settings(
        Path("none"),
        {
            "network.weights": "none",
            "hardware.precision": "fp32",
            "data.batch_size": 8,
            "schedule.epochs": 4,
            "schedule.patience": 1,
            "optimizer.lr": 1e-6,
        },
    )
    whole = {name: each.clone() for name, each in fitted(settings, tmp_path).items()}
    assert sorted(path.name for path in tmp_path.glob("*.ckpt")) == ["epoch=0.ckpt", "epoch=1.ckpt"]
    resumed = fitted(settings, tmp_path, tmp_path / f"epoch={epoch}.ckpt")
    assert not (tmp_path / "epoch=2.ckpt").exists()
    assert [name for name, each in whole.items() if not torch.equal(each, resumed[name])] == []
