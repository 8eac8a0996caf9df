"""Which checkpoints a run keeps."""

import os
import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from training.fit.checkpoints import (
    BestCheckpoint,
    EpochCheckpoints,
    is_whole,
    newest_checkpoint,
    take_best,
)

F1 = (0.2, 0.9, 0.4, 0.3)


class Counting(pl.LightningModule):
    """Its one weight is the number of steps; its validation F1 is told."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.Parameter(torch.zeros(1))

    def training_step(self, batch: list[Tensor]) -> Tensor:
        return -self.steps.sum()

    def validation_step(self, batch: list[Tensor]) -> None:
        self.log("val_micro_f1", F1[self.current_epoch])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 1.0)


def fit(run_folder: Path, epochs: int, checkpoint: Path | None = None) -> Counting:
    counting = Counting()
    batches = DataLoader(TensorDataset(torch.zeros(1, 1)))
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[BestCheckpoint(run_folder), EpochCheckpoints(run_folder)],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies and of workers
        trainer.fit(counting, batches, batches, ckpt_path=checkpoint, weights_only=True)
    return counting


def names(run_folder: Path) -> list[str]:
    return sorted(path.name for path in (run_folder / "checkpoints").iterdir())


def test_the_newest_two_and_the_best_are_kept(tmp_path: Path) -> None:
    fit(tmp_path, epochs=4)
    assert names(tmp_path) == ["best.ckpt", "epoch=002.ckpt", "epoch=003.ckpt"]
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoints" / "epoch=003.ckpt"


def test_of_two_of_one_moment_the_later_epoch_is_the_newest(tmp_path: Path) -> None:
    fit(tmp_path, epochs=2)
    for name in ("epoch=001.ckpt", "epoch=000.ckpt"):
        os.utime(tmp_path / "checkpoints" / name, (1, 1))
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoints" / "epoch=001.ckpt"


def test_the_best_epochs_weights_are_taken(tmp_path: Path) -> None:
    counting = fit(tmp_path, epochs=4)
    assert counting.steps.item() == 4
    take_best(counting, tmp_path)
    assert counting.steps.item() == 2


def test_a_checkpoint_cut_short_is_passed_over_and_replaced(tmp_path: Path) -> None:
    fit(tmp_path, epochs=2)
    cut_short = tmp_path / "checkpoints" / "epoch=001.ckpt"
    cut_short.write_bytes(cut_short.read_bytes()[:500])
    newest = newest_checkpoint(tmp_path)
    assert newest == tmp_path / "checkpoints" / "epoch=000.ckpt"
    fit(tmp_path, epochs=2, checkpoint=newest)
    assert names(tmp_path) == ["best.ckpt", "epoch=000.ckpt", "epoch=001.ckpt"]
    assert is_whole(cut_short)


def test_what_was_the_best_stays_known_to_a_run_that_goes_on(tmp_path: Path) -> None:
    fit(tmp_path, epochs=3)
    counting = fit(tmp_path, epochs=4, checkpoint=newest_checkpoint(tmp_path))
    take_best(counting, tmp_path)
    assert counting.steps.item() == 2
    assert names(tmp_path) == ["best.ckpt", "epoch=002.ckpt", "epoch=003.ckpt"]


def test_what_was_the_best_stays_known_where_the_run_has_been_moved(tmp_path: Path) -> None:
    fit(tmp_path / "before", epochs=3)
    moved = (tmp_path / "before").rename(tmp_path / "after")
    with warnings.catch_warnings():
        # That a folder has changed would be Lightning's.
        warnings.filterwarnings("error", message="The dirpath has changed")
        counting = fit(moved, epochs=4, checkpoint=newest_checkpoint(moved))
    take_best(counting, moved)
    assert counting.steps.item() == 2
    assert names(moved) == ["best.ckpt", "epoch=002.ckpt", "epoch=003.ckpt"]
    assert not (tmp_path / "before").exists()


def test_without_checkpoints_there_is_no_newest(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_what_is_no_checkpoint_is_not_whole(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "epoch=000.ckpt"
    path.write_bytes(content)
    assert not is_whole(path)
    path.unlink()
    assert not is_whole(path)
