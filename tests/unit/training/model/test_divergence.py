"""Training ends where its numbers do, and keeps nothing that holds none."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.multiprocessing.spawn import ProcessRaisedException

from hangtag.errors import DataInvalid, DiskFull, HangtagError, ImageUndecodable
from tests.tiny_training import LABEL_SPACE, LABELS, dotted_of, tiny_network, tiny_training_data
from training.errors import TrainingDiverged, WeightsUnavailable
from training.fit.callbacks import Divergence
from training.fit.checkpoints import EpochCheckpoints, is_sound, is_whole, newest_checkpoint
from training.fit.fine_tuning import make_module, make_tuning_trainer
from training.fit.linear_probe import fit_head
from training.fit.loop import fit, told_by_process
from training.model.backbones.weights_file import load_weights
from training.model.divergence import all_numbers, require_numbers
from training.settings import TrainingSettings, make_settings

STEPS_AN_EPOCH = 5


def settings(**given: object) -> TrainingSettings:
    return make_settings(
        Path("none"),
        {
            "network.weights": "none",
            "hardware.precision": "fp32",
            "data.batch_size": 8,
            "schedule.epochs": 3,
            "optimizer.lr": 1e-3,
            **dotted_of(**given),
        },
    )


def train(folder: Path, change: Callable[[int, Tensor], Tensor], **given: object) -> None:
    """Train the tiny network; `change` gets the step and its loss."""
    chosen = settings(**given)
    data = tiny_training_data(folder)
    module = make_module(tiny_network(), chosen, data)
    step = module.training_step
    module.training_step = lambda batch: change(module.global_step, step(batch))  # type: ignore[method-assign]
    callbacks = [Divergence(chosen.optimizer.lr), EpochCheckpoints(folder)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies and of workers
        trainer = make_tuning_trainer(chosen, callbacks=callbacks)
        fit(trainer, module, *data.dataloaders(chosen, trainer.num_devices))


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("ema", [0.0, 0.999])
def test_a_loss_that_is_no_number_ends_training_at_its_step(
    value: float, ema: float, tmp_path: Path
) -> None:
    with pytest.raises(
        TrainingDiverged,
        match=r"^The loss is no longer a number at step 7, in epoch 2 of 3: train with a lower "
        r"rate than 0\.001, such as optimizer\.lr=0\.00025, or with hardware\.precision=fp32$",
    ):
        train(tmp_path, lambda step, loss: loss * (value if step == 6 else 1), ema=ema)
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert [path.name for path in newest.parent.iterdir()] == ["epoch=000.ckpt"]
    assert is_sound(newest)


def test_gradients_that_run_away_in_an_epochs_last_step_are_not_kept(tmp_path: Path) -> None:
    last = 2 * STEPS_AN_EPOCH - 1

    with pytest.raises(TrainingDiverged, match=r"^Weights are no longer a number .* epoch 2 of 3"):
        train(tmp_path, lambda step, loss: _with_gradient(loss, math.nan) if step == last else loss)
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.name == "epoch=000.ckpt"


class _Gradient(torch.autograd.Function):
    """The value as it is, and any gradient."""

    @staticmethod
    def forward(ctx: object, value: Tensor, factor: float) -> Tensor:
        ctx.factor = factor  # type: ignore[attr-defined]
        return value.clone()

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.factor, None  # type: ignore[attr-defined]


def _with_gradient(loss: Tensor, factor: float) -> Tensor:
    passed: Tensor = _Gradient.apply(loss, factor)
    return passed


def test_a_head_ends_too(tmp_path: Path) -> None:
    embeddings = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    targets = np.zeros((64, LABELS), np.float32)
    targets[:, 0] = np.inf
    chosen = settings(batch_size=32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TrainingDiverged, match=r"^The loss is no longer a number at step 1, "):
            fit_head(tiny_network(), embeddings, targets, LABEL_SPACE, chosen)


def test_a_checkpoint_of_before_that_holds_no_numbers_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    good, bad = (tmp_path / "checkpoints" / f"epoch=00{epoch}.ckpt" for epoch in (0, 1))
    torch.save({"state_dict": {"a": torch.ones(2)}}, good)
    torch.save({"state_dict": {"a": torch.tensor([1.0, math.nan])}}, bad)
    assert is_whole(bad)
    assert newest_checkpoint(tmp_path) == good


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_weights_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    network = torch.nn.Linear(2, 2)
    state = {**network.state_dict(), "bias": torch.tensor([0.0, value])}
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(WeightsUnavailable, match=r"w\.pth holds weights that are no numbers"):
        load_weights(network, tmp_path / "w.pth", head=None)
    assert all_numbers(network.state_dict().values())


def test_the_weights_of_a_checkpoint_are_taken(tmp_path: Path) -> None:
    """What a training that ran away says to go on from."""
    body, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    state = {f"network.body.{name}": value for name, value in body.state_dict().items()}
    torch.save({"epoch": 1, "state_dict": state}, tmp_path / "epoch=001.ckpt")
    load_weights(other, tmp_path / "epoch=001.ckpt", head=None)
    assert torch.equal(other.weight, body.weight)


def test_embeddings_that_are_no_numbers_are_named() -> None:
    network = tiny_network()
    outputs = np.ones((3, 2), np.float32)
    require_numbers(network, outputs, "embeddings")
    outputs[1, 0] = np.nan
    with pytest.raises(
        TrainingDiverged,
        match=r"^The network's embeddings of 1 of 3 photos are no numbers; start from other",
    ):
        require_numbers(network, outputs, "embeddings")
    torch.nn.init.constant_(next(network.parameters()), math.nan)
    with pytest.raises(TrainingDiverged, match="no numbers, for its weights are none; start"):
        require_numbers(network, outputs, "embeddings")


@pytest.mark.parametrize("kind", [TrainingDiverged, DiskFull, DataInvalid, ImageUndecodable])
def test_what_another_process_raised_is_told(kind: type[HangtagError]) -> None:
    raised = f"{kind.__module__}.{kind.__name__}: No space left on /a: free some."
    told = told_by_process(ProcessRaisedException(f"-- Process 1:\nTraceback …\n{raised}\n", 1, 7))
    assert type(told) is kind
    assert str(told) == "No space left on /a: free some."


@pytest.mark.parametrize("raised", ["ValueError: a bug", "DiskFull: another's", "Killed"])
def test_what_is_not_ours_stays_as_it_is(raised: str) -> None:
    other = ProcessRaisedException(raised, 1, 7)
    assert told_by_process(other) is other


def test_embeddings_that_are_all_the_same_teach_nothing() -> None:
    alike = np.full((64, 8), 0.7, np.float32)
    rounded = alike * (1 + np.random.default_rng(0).normal(0, 1e-4, alike.shape)).astype(np.float32)
    targets = np.zeros((64, LABELS), np.float32)
    for embeddings in (alike, rounded, np.zeros_like(alike)):
        with pytest.raises(DataInvalid, match=r"^The network sees no difference between the 64 "):
            fit_head(tiny_network(), embeddings, targets, LABEL_SPACE, settings())
