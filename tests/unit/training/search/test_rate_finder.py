"""The sweep over learning rates, and what it suggests."""

import copy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from torch import nn

from hangtag.errors import DataInvalid
from tests.tiny_training import dotted_of
from tests.unit.training.search.coloured_photos import SIZE_PX, SPACE, coloured_data
from training.fit.tagger_module import TaggerModule
from training.model.network import Backbone, Normalisation, TaggerNetwork
from training.search.rate_finder.curve import RateCurve
from training.search.rate_finder.plot import plot_curve
from training.search.rate_finder.sweep import RateSweep, sweep_rates
from training.settings import make_settings

RATES = np.geomspace(1e-6, 1.0, 100)
STEPS = 40


def falling(noise: float = 0.0) -> RateCurve:
    """Losses that fall from 5 to 2, fastest at 1e-3, and explode from 0.1 on."""
    decades = np.log10(RATES)
    losses = 2 + 3 / (1 + np.exp(4 * (decades + 3))) + np.exp(np.maximum(6 * (decades + 1), 0)) - 1
    return RateCurve(RATES, losses + noise * np.random.default_rng(0).normal(size=len(RATES)))


# The curve


def test_the_loss_falls_fastest_where_it_was_made_to() -> None:
    assert falling().steepest == pytest.approx(1e-3, rel=0.2)
    assert 1e-2 < falling().lowest < 0.2


def test_the_noise_of_batches_moves_the_suggestion_by_less_than_a_factor_of_two() -> None:
    assert 0.5e-3 < falling(noise=0.05).steepest < 2e-3


def test_a_loss_that_falls_after_it_exploded_is_not_meant() -> None:
    losses = falling().losses
    losses[-3:] = 20
    assert RateCurve(RATES, losses).steepest == pytest.approx(1e-3, rel=0.2)


@pytest.mark.parametrize("end", [1.0, 2.0])
def test_a_loss_that_falls_nowhere_is_shown_and_suggests_nothing(
    end: float, tmp_path: Path
) -> None:
    curve = RateCurve(RATES, np.linspace(1.0, end, len(RATES)))
    plot_curve(curve, tmp_path / "rates.png")
    assert (tmp_path / "rates.png").stat().st_size > 10_000
    assert not curve.falls
    with pytest.raises(DataInvalid, match="falls at no learning rate"):
        _ = curve.steepest


def test_a_sweep_that_ends_at_once_suggests_nothing() -> None:
    with pytest.raises(DataInvalid, match="exploded after 3 steps"):
        RateCurve(RATES[:3], np.ones(3))


def test_the_picture_shows_something(tmp_path: Path) -> None:
    plot_curve(falling(), tmp_path / "rates.png")
    with Image.open(tmp_path / "rates.png") as picture:
        assert min(picture.size) > 400
        assert np.asarray(picture.convert("L")).std() > 5


# The sweep


@pytest.fixture(autouse=True)
def without_lightnings_advice() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def tiny_network() -> TaggerNetwork:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    normalisation = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
    return TaggerNetwork(Backbone(body, 8, normalisation), len(SPACE), 0.0, head_width=16)


def tiny_settings(**given: Any) -> Any:
    return make_settings(
        Path("none"),
        {
            "network.weights": "imagenet",
            "data.size_px": SIZE_PX,
            "data.batch_size": 8,
            "hardware.precision": "fp32",
            **dotted_of(**given),
        },
    )


def test_a_sweep_leaves_the_network_as_it_was() -> None:
    network = tiny_network()
    before = copy.deepcopy(network.state_dict())
    curve = sweep_rates(network, tiny_settings(), coloured_data(), STEPS)
    assert all(torch.equal(before[name], each) for name, each in network.state_dict().items())
    assert len(curve.losses) == len(curve.rates) <= STEPS
    # It has learned: the copy, not the network.
    assert curve.smoothed.min() < 0.8 * curve.losses[0]
    assert 1e-5 < curve.steepest < curve.lowest


def test_the_same_seed_gives_the_same_sweep() -> None:
    data, settings = coloured_data(), tiny_settings()
    first, second = (sweep_rates(tiny_network(), settings, data, STEPS) for _ in range(2))
    assert first.losses.tolist() == second.losses.tolist()
    other = sweep_rates(tiny_network(), tiny_settings(seed=8), data, STEPS)
    assert first.losses.tolist() != other.losses.tolist()


class Rates(pl.Callback):
    """What the optimiser steps with."""

    def __init__(self) -> None:
        self.seen: list[list[float]] = []

    def on_before_optimizer_step(self, trainer: pl.Trainer, *_: object) -> None:
        self.seen.append([group["lr"] for group in trainer.optimizers[0].param_groups])


def sweep(rates: np.ndarray, **given: Any) -> tuple[RateSweep, Rates]:
    settings = tiny_settings(head_epochs=0, **given)
    data = coloured_data()
    callback, seen = RateSweep(rates, settings, None), Rates()
    trainer = pl.Trainer(
        max_epochs=-1, accelerator="cpu", logger=False, callbacks=[callback, seen],
        accumulate_grad_batches=settings.optimizer.accumulate, enable_checkpointing=False,
        enable_model_summary=False, enable_progress_bar=False,
    )  # fmt: skip
    train = data.subset(data.splits.train, batch_size=settings.data.batch_size)
    trainer.fit(TaggerModule(tiny_network(), settings, SPACE, len(rates)), train)
    return callback, seen


@pytest.mark.parametrize("accumulate", [1, 2])
def test_body_and_head_are_raised_together(accumulate: int) -> None:
    rates = np.geomspace(1e-6, 1e-2, 15)
    callback, seen = sweep(rates, backbone_lr_mult=0.1, accumulate=accumulate)
    assert seen.seen == [pytest.approx([0.1 * rate, rate]) for rate in rates]
    assert len(callback.curve.losses) == len(rates)


def test_the_loss_of_a_step_is_the_mean_of_its_batches() -> None:
    # So low that nothing is learned: batches of 8 in pairs are batches of 16.
    rates = np.full(12, 1e-12)
    pairs, _ = sweep(rates, accumulate=2, label_smoothing=0.0)
    settings = tiny_settings(label_smoothing=0.0)
    module = TaggerModule(tiny_network(), settings, SPACE, 1)
    data = coloured_data()
    with torch.no_grad():
        logits, _ = module.network.eval()(torch.from_numpy(data.decoded.pixels[:48]))
    expected = float(module.loss(logits, torch.from_numpy(data.targets[:48])))
    # Augmentation moves it a little.
    assert pairs.curve.losses.mean() == pytest.approx(expected, rel=0.1)


def test_a_sweep_ends_where_the_loss_explodes() -> None:
    callback, seen = sweep(np.geomspace(1e-3, 1e6, 60), backbone_lr_mult=1.0)
    assert len(callback.curve.losses) == len(seen.seen) < 60
