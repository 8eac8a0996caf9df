"""Loss, schedule, and which layers stay as they are."""

import math
import shutil
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from hangtag.label_space import LabelSpace, parse_label_space
from tests.tiny_training import dotted_of
from training.fit.optimizer import one_cycle
from training.fit.tagger_module import TaggerModule
from training.model.network import Backbone, Normalisation, TaggerNetwork
from training.settings import make_settings

LABELS = 4
LABEL_SPACE = parse_label_space({str(number): f"label {number}" for number in range(LABELS)})
ONE_GROUP = parse_label_space(
    {
        "version": "1",
        "groups": [{"name": "type", "title": "Type", "exclusive": True}],
        "labels": [
            {"id": number, "name": str(number), "group": "type"} for number in range(LABELS)
        ],
    }
)
NORMALISATION = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
PHOTOS, BATCH = 16, 4
STEPS_PER_EPOCH = PHOTOS // BATCH


def tiny_module(
    epochs: int = 4, space: LabelSpace = LABEL_SPACE, **settings: object
) -> TaggerModule:
    body = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    )
    chosen = make_settings(
        Path("none"),
        {"network.weights": "imagenet", "schedule.epochs": epochs, **dotted_of(**settings)},
    )
    network = TaggerNetwork(Backbone(body, 4, NORMALISATION), LABELS, dropout=0.0)
    return TaggerModule(network, chosen, space, STEPS_PER_EPOCH)


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


def test_the_run_is_one_cycle() -> None:
    module = tiny_module(epochs=4)
    for step in range(16):
        assert module.schedule(step) == one_cycle(step / 16)


def test_the_pretrained_body_learns_a_tenth_as_fast() -> None:
    optimizer = tiny_module().configure_optimizers()["optimizer"]
    body, head = optimizer.param_groups
    assert (body["initial_lr"], head["initial_lr"]) == (pytest.approx(1e-4), 1e-3)
    assert body["weight_decay"] == head["weight_decay"] == 0.05


# A real, short training


class Snapshots(pl.Callback):
    """What body and head are before the first epoch and after each, and the body's rate."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Tensor]] = []
        self.heads: list[dict[str, Tensor]] = []

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert isinstance(module, TaggerModule)
        self.bodies.append(copy_of(module.network.body))
        self.heads.append(copy_of(module.network.head))

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.on_train_start(trainer, module)


def copy_of(layer: nn.Module) -> dict[str, Tensor]:
    return {name: each.clone() for name, each in layer.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def train(module: TaggerModule) -> tuple[Snapshots, pl.Trainer]:
    torch.manual_seed(3)
    pixels = torch.randint(0, 256, (PHOTOS, 3, 16, 16), dtype=torch.uint8)
    targets = (torch.rand(PHOTOS, LABELS) > 0.5).float()
    targets[0, 0] = math.nan
    batches = DataLoader(TensorDataset(pixels, targets), batch_size=BATCH)
    snapshots = Snapshots()
    trainer = pl.Trainer(
        max_epochs=module.settings.schedule.epochs,
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
        trainer.fit(module, batches, batches)
    return snapshots, trainer


def test_a_network_that_comes_in_evaluation_mode_learns_all_the_same() -> None:
    module = tiny_module(epochs=1)
    module.network.eval()
    snapshots, _ = train(module)
    before, after = (body["1.running_mean"] for body in snapshots.bodies)
    assert not torch.equal(before, after)


@pytest.fixture(scope="module")
def trained() -> tuple[Snapshots, pl.Trainer]:
    return train(tiny_module(epochs=4))


def test_head_and_body_change_from_the_first_epoch_on(
    trained: tuple[Snapshots, pl.Trainer],
) -> None:
    snapshots, _ = trained
    for before, after in pairwise(snapshots.bodies):
        for name in ("0.weight", "1.weight", "1.running_mean"):
            assert not torch.equal(before[name], after[name])
    assert not any(same(before, after) for before, after in pairwise(snapshots.heads))


def test_the_epochs_figures_are_finite(trained: tuple[Snapshots, pl.Trainer]) -> None:
    figures = trained[1].callback_metrics
    assert {"train_loss", "val_loss", "val_micro_f1"} <= set(figures)
    assert all(math.isfinite(value) for value in figures.values())
    assert 0 <= figures["val_micro_f1"] <= 1


def test_training_photos_are_augmented_and_validation_photos_are_not() -> None:
    module = tiny_module(epochs=1)
    seen: dict[bool, list[Tensor]] = {True: [], False: []}
    module.network.register_forward_pre_hook(
        lambda network, inputs: seen[module.trainer.training].append(inputs[0])
    )
    train(module)
    assert {batch.dtype for batch in seen[True]} == {torch.float32}
    assert {batch.dtype for batch in seen[False]} == {torch.uint8}


def test_the_epochs_micro_f1_is_over_all_its_photos() -> None:
    module = tiny_module(epochs=1)
    logits: list[Tensor] = []
    module.network.register_forward_hook(
        lambda network, inputs, outputs: (
            None if module.trainer.training else logits.append(outputs[0])
        )
    )
    torch.manual_seed(3)
    torch.randint(0, 256, (PHOTOS, 3, 16, 16), dtype=torch.uint8)
    targets = torch.rand(PHOTOS, LABELS) > 0.5
    _, trainer = train(module)
    predicted = torch.cat(logits) > 0
    predicted[0, 0] = targets[0, 0] = False  # unknown
    hits = int((predicted & targets).sum())
    expected = 2 * hits / max(1, int(predicted.sum() + targets.sum()))
    assert float(trainer.callback_metrics["val_micro_f1"]) == pytest.approx(expected)


# What is mixed, contrasted, compiled


def weights_after(module: TaggerModule) -> dict[str, Tensor]:
    train(module)
    return copy_of(module.network)


def equally_begun(**settings: object) -> TaggerModule:
    torch.manual_seed(8)
    return tiny_module(epochs=2, space=ONE_GROUP, **settings)


def test_random_numbers_depend_on_seed_and_epoch_alone() -> None:
    first, again, other = equally_begun(), equally_begun(), equally_begun(seed=9)
    # What was drawn before an epoch makes no difference to it.

    def draw_otherwise() -> None:
        torch.manual_seed(1234)

    again.on_train_start = draw_otherwise  # type: ignore[method-assign]
    expected = weights_after(first)
    assert same(weights_after(again), expected)
    assert not same(weights_after(other), expected)


def test_mixed_photos_teach_something_else() -> None:
    module = equally_begun(mixup_alpha=1.0)
    seen: list[Tensor] = []
    module.network.register_forward_pre_hook(lambda network, inputs: seen.append(inputs[0]))
    assert not same(weights_after(module), weights_after(equally_begun()))
    assert {batch.dtype for batch in seen} == {torch.float32, torch.uint8}


def test_the_contrastive_term_is_weighted_and_added() -> None:
    pixels = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
    targets = torch.eye(LABELS)[[0, 0, 1, 1]]
    losses = []
    for weight in (0.0, 1.0, 2.0):
        module = equally_begun(contrastive_weight=weight)
        module.log = lambda *arguments, **options: None  # type: ignore[method-assign]
        losses.append(float(module.training_step((pixels, targets)).detach()))
    plain, once, twice = losses
    assert once > plain
    assert twice - plain == pytest.approx(2 * (once - plain), rel=1e-4)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_module_learns_the_same_and_saves_the_same_names() -> None:
    module = equally_begun(compile=True)
    names = set(module.state_dict())
    _, trainer = train(module)
    assert module._compiled is not None
    assert set(module.state_dict()) == names
    # Not the weights: Adam makes much of what rounding makes of a gradient of 0.
    _, plain = train(equally_begun())
    for name in ("train_loss", "val_loss"):
        expected = float(plain.callback_metrics[name])
        assert float(trainer.callback_metrics[name]) == pytest.approx(expected, rel=1e-3)
