"""What a trial trains and measures."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hangtag.errors import SettingsInvalid
from tests.unit.training.search.coloured_photos import SIZE_PX, SPACE, coloured_data
from training.data.training_data import TrainingData
from training.model.network import Backbone, Normalisation, TaggerNetwork
from training.search.objectives import FineTuningObjective, QuickObjective, require_searchable
from training.settings import TrainingSettings, make_settings

EPOCHS = 3


@pytest.fixture(autouse=True)
def without_lightnings_advice() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return coloured_data()


@pytest.fixture(scope="module")
def settings() -> TrainingSettings:
    return make_settings(
        Path("none"),
        {
            "network.weights": "none",
            "network.backbone": "resnet18",
            "data.size_px": SIZE_PX,
            "schedule.epochs": EPOCHS,
            "data.batch_size": 8,
            "hardware.precision": "fp32",
            "network.head_width": 16,
        },
    )


@pytest.fixture(scope="module")
def quick_settings() -> TrainingSettings:
    return make_settings(
        Path("none"),
        {
            "quick": True,
            "data.size_px": SIZE_PX,
            "schedule.epochs": 20,
            "data.batch_size": 16,
            "network.head_width": 0,
            "optimizer.lr": 0.05,
            "network.dropout": 0.0,
            "optimizer.weight_decay": 0.0,
            "loss.label_smoothing": 0.0,
        },
    )


def quick_objective(data: TrainingData) -> QuickObjective:
    """What a body that sees nothing but mean colours makes of the photos."""
    body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    normalisation = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
    network = TaggerNetwork(Backbone(body, 3, normalisation), len(SPACE), dropout=0.0)
    with torch.no_grad():
        embeddings = network.embed(torch.from_numpy(data.decoded.pixels)).numpy()
    return QuickObjective(network, embeddings, data)


def never(epochs: int, f1: float) -> bool:
    return False


def test_fine_tuning_tells_of_every_epoch_and_ends_with_the_last(
    data: TrainingData, settings: TrainingSettings
) -> None:
    heard: list[tuple[int, float]] = []

    def hear(epochs: int, f1: float) -> bool:
        heard.append((epochs, f1))
        # After the last epoch that changes nothing.
        return epochs == EPOCHS

    f1 = FineTuningObjective(data)(settings, hear)
    assert [epochs for epochs, _ in heard] == [1, 2, 3]
    assert f1 == heard[-1][1]
    # A third is what guessing gets.
    assert f1 is not None
    assert f1 > 0.5


def test_fine_tuning_stops_when_told_to(data: TrainingData, settings: TrainingSettings) -> None:
    heard: list[int] = []

    def stop_at_two(epochs: int, f1: float) -> bool:
        heard.append(epochs)
        return epochs == 2

    assert FineTuningObjective(data)(settings, stop_at_two) is None
    assert heard == [1, 2]


def test_a_trial_neither_trains_on_several_devices_nor_ends_by_itself(
    settings: TrainingSettings, quick_settings: TrainingSettings
) -> None:
    require_searchable(settings)
    require_searchable(quick_settings)
    with pytest.raises(SettingsInvalid, match=r"leave the setting hardware[.]devices out"):
        require_searchable(settings.with_values({"hardware.devices": 2}))
    with pytest.raises(SettingsInvalid, match=r"leave schedule[.]patience out"):
        require_searchable(settings.with_values({"schedule.patience": 3}))


def test_photos_are_embedded_for_the_first_trial_only(
    data: TrainingData, settings: TrainingSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    objective = FineTuningObjective(data)
    settings = settings.with_values({"schedule.epochs": 1, "schedule.head_epochs": 5})
    first = objective(settings, never)
    assert "Embedding photos" in capsys.readouterr().out
    # Nor does it make a difference.
    assert objective(settings, never) == first
    assert "Embedding photos" not in capsys.readouterr().out


def test_the_same_settings_give_the_same_figure(
    data: TrainingData, settings: TrainingSettings
) -> None:
    objective = FineTuningObjective(data)
    assert objective(settings, never) == objective(settings, never)


def test_only_validation_photos_are_measured_on(
    data: TrainingData, quick_settings: TrainingSettings
) -> None:
    f1 = quick_objective(data)(quick_settings, never)
    assert f1 > 0.9
    promised = np.concatenate([data.splits.calibration, data.splits.test])
    targets = data.targets.copy()
    targets[promised] = np.nan
    assert quick_objective(replace(data, targets=targets))(quick_settings, never) == f1
    targets[data.splits.validation] = np.nan
    assert quick_objective(replace(data, targets=targets))(quick_settings, never) == 0


def test_each_quick_trial_fits_a_head_of_its_own(
    data: TrainingData, quick_settings: TrainingSettings
) -> None:
    objective = quick_objective(data)
    learned = objective(quick_settings, never)
    hardly = objective(quick_settings.with_values({"optimizer.lr": 1e-9}), never)
    assert learned > 0.9 > hardly
    assert objective(quick_settings.with_values({"network.head_width": 16}), never) > 0.9
    assert objective(quick_settings, never) == learned
