"""Loss, schedule, and what is frozen when."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from hangtag.label_space import parse_label_space
from training.lesson import Lesson, one_cycle
from training.network import Backbone, Normalisation, TaggerNetwork
from training.settings import make_settings

LABELS = 4
LABEL_SPACE = parse_label_space({str(number): f"label {number}" for number in range(LABELS)})
NORMALISATION = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
PHOTOS, BATCH = 16, 4
STEPS_PER_EPOCH = PHOTOS // BATCH


def tiny_lesson(epochs: int = 4, head_epochs: int = 2) -> Lesson:
    body = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    )
    settings = make_settings(Path("none"), "imagenet", epochs=epochs, head_epochs=head_epochs)
    network = TaggerNetwork(Backbone(body, 4, NORMALISATION), LABELS, dropout=0.0)
    return Lesson(network, settings, LABEL_SPACE, STEPS_PER_EPOCH)


# The schedule


def test_one_cycle_starts_low_peaks_and_ends_near_nothing() -> None:
    assert one_cycle(0.0) == pytest.approx(1 / 25)
    assert one_cycle(0.25) == pytest.approx(1.0)
    assert one_cycle(1.0) == pytest.approx(1e-4)


def test_one_cycle_rises_then_falls() -> None:
    up = [one_cycle(progress) for progress in np.linspace(0, 0.25, 50)]
    down = [one_cycle(progress) for progress in np.linspace(0.25, 1, 50)]
    assert np.diff(up).min() > 0
    assert np.diff(down).max() < 0


def test_past_its_end_one_cycle_stays_low() -> None:
    assert one_cycle(1.5) == one_cycle(1.0)


def test_the_body_waits_while_the_head_has_its_cycle() -> None:
    lesson = tiny_lesson(epochs=4, head_epochs=2)
    head_steps = range(2 * STEPS_PER_EPOCH)
    assert [lesson.body_schedule(step) for step in head_steps] == [0.0] * 8
    assert [lesson.head_schedule(step) for step in head_steps] == [
        one_cycle(step / 8) for step in head_steps
    ]


def test_head_and_body_share_the_second_cycle() -> None:
    lesson = tiny_lesson(epochs=5, head_epochs=2)
    for step in range(8, 20):
        assert lesson.head_schedule(step) == one_cycle((step - 8) / 12)
        assert lesson.body_schedule(step) == lesson.head_schedule(step)


def test_without_a_head_phase_there_is_one_cycle() -> None:
    lesson = tiny_lesson(epochs=4, head_epochs=0)
    for step in range(16):
        assert lesson.head_schedule(step) == lesson.body_schedule(step) == one_cycle(step / 16)


def test_the_pretrained_body_learns_a_tenth_as_fast() -> None:
    optimizer = tiny_lesson().configure_optimizers()["optimizer"]
    body, head = optimizer.param_groups
    assert (body["initial_lr"], head["initial_lr"]) == (pytest.approx(1e-4), 1e-3)
    assert body["weight_decay"] == head["weight_decay"] == 0.05


# A real, short training


class Snapshots(pl.Callback):
    """What body and head are before the first epoch and after each, and the body's rate."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Tensor]] = []
        self.heads: list[dict[str, Tensor]] = []

    def on_train_start(self, trainer: pl.Trainer, lesson: Lesson) -> None:
        self.bodies.append(copy_of(lesson.network.body))
        self.heads.append(copy_of(lesson.network.head))

    def on_train_epoch_end(self, trainer: pl.Trainer, lesson: Lesson) -> None:
        self.on_train_start(trainer, lesson)


def copy_of(layer: nn.Module) -> dict[str, Tensor]:
    return {name: each.clone() for name, each in layer.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def train(lesson: Lesson) -> tuple[Snapshots, pl.Trainer]:
    torch.manual_seed(3)
    pixels = torch.randint(0, 256, (PHOTOS, 3, 16, 16), dtype=torch.uint8)
    targets = (torch.rand(PHOTOS, LABELS) > 0.5).float()
    targets[0, 0] = math.nan
    batches = DataLoader(TensorDataset(pixels, targets), batch_size=BATCH)
    snapshots = Snapshots()
    trainer = pl.Trainer(
        max_epochs=lesson.settings.epochs,
        accelerator="cpu",
        logger=False,
        callbacks=[snapshots],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    with warnings.catch_warnings():
        # Lightning's of its own dependencies, and its advice on workers.
        warnings.simplefilter("ignore")
        trainer.fit(lesson, batches, batches)
    return snapshots, trainer


@pytest.fixture(scope="module")
def trained() -> tuple[Snapshots, pl.Trainer]:
    return train(tiny_lesson(epochs=4, head_epochs=2))


def test_in_the_head_phase_the_head_alone_changes(trained: tuple[Snapshots, pl.Trainer]) -> None:
    snapshots, _ = trained
    start, first, second, *_ = snapshots.bodies
    assert same(start, first)
    assert same(start, second)  # batch norm's statistics too
    assert not same(snapshots.heads[0], snapshots.heads[1])
    assert not same(snapshots.heads[1], snapshots.heads[2])


def test_after_the_head_phase_the_body_changes_too(trained: tuple[Snapshots, pl.Trainer]) -> None:
    snapshots, _ = trained
    _, _, second, third, fourth = snapshots.bodies
    for name in ("0.weight", "1.weight", "1.running_mean"):
        assert not torch.equal(second[name], third[name])
        assert not torch.equal(third[name], fourth[name])
    # Two epochs of unfrozen batch norm.
    assert int(fourth["1.num_batches_tracked"]) == 2 * STEPS_PER_EPOCH


def test_without_a_head_phase_the_body_changes_at_once() -> None:
    snapshots, _ = train(tiny_lesson(epochs=1, head_epochs=0))
    start, first = snapshots.bodies
    assert not torch.equal(start["0.weight"], first["0.weight"])
    assert not torch.equal(start["1.running_mean"], first["1.running_mean"])


def test_the_epochs_figures_are_finite(trained: tuple[Snapshots, pl.Trainer]) -> None:
    figures = trained[1].callback_metrics
    assert {"train_loss", "val_loss", "val_micro_f1"} <= set(figures)
    assert all(math.isfinite(value) for value in figures.values())
    assert 0 <= figures["val_micro_f1"] <= 1


def test_training_photos_are_augmented_and_validation_photos_are_not() -> None:
    lesson = tiny_lesson(epochs=1, head_epochs=0)
    seen: dict[bool, list[Tensor]] = {True: [], False: []}
    lesson.network.register_forward_pre_hook(
        lambda network, inputs: seen[lesson.trainer.training].append(inputs[0])
    )
    train(lesson)
    assert {batch.dtype for batch in seen[True]} == {torch.float32}
    assert {batch.dtype for batch in seen[False]} == {torch.uint8}


def test_the_epochs_micro_f1_is_over_all_its_photos() -> None:
    lesson = tiny_lesson(epochs=1, head_epochs=0)
    logits: list[Tensor] = []
    lesson.network.register_forward_hook(
        lambda network, inputs, outputs: (
            None if lesson.trainer.training else logits.append(outputs[0])
        )
    )
    torch.manual_seed(3)
    torch.randint(0, 256, (PHOTOS, 3, 16, 16), dtype=torch.uint8)
    targets = torch.rand(PHOTOS, LABELS) > 0.5
    _, trainer = train(lesson)
    predicted = torch.cat(logits) > 0
    predicted[0, 0] = targets[0, 0] = False  # unknown
    hits = int((predicted & targets).sum())
    expected = 2 * hits / max(1, int(predicted.sum() + targets.sum()))
    assert float(trainer.callback_metrics["val_micro_f1"]) == pytest.approx(expected)
