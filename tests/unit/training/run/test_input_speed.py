"""Whether training waits for photos."""

import json
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

from tests.tiny_training import tiny_network, tiny_training_data
from training.data.photo_dataset import Batch
from training.data.training_data import TrainingData
from training.model.network import TaggerNetwork
from training.run.input_speed import InputSpeed, measure_input_speed
from training.settings import TrainingSettings, make_settings


def measure(data: TrainingData, settings: TrainingSettings) -> tuple[InputSpeed, list[float]]:
    shares: list[float] = []
    network: TaggerNetwork = tiny_network()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies and of workers
        speed = measure_input_speed(network, settings, data, 0.5, shares.append)
    return speed, shares


@pytest.fixture
def settings() -> TrainingSettings:
    return make_settings(
        Path("none"),
        {
            "network.weights": "none",
            "data.batch_size": 8,
            "data.size_px": 32,
            "hardware.precision": "fp32",
        },
    )


def test_photos_in_a_file_that_is_cached_are_read_as_fast_as_they_are_learned(
    tmp_path: Path, settings: TrainingSettings
) -> None:
    speed, shares = measure(tiny_training_data(tmp_path), settings)
    assert len(speed.read_steps_per_s) == len(speed.in_memory_steps_per_s) == 5
    assert min(*speed.read_steps_per_s, *speed.in_memory_steps_per_s) > 0
    assert 0.3 < speed.ratio < 3
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_photos_that_are_slow_to_read_are_found_out(
    tmp_path: Path, settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(batch: Batch) -> Batch:
        # Much, also beside a training step of busy cores.
        time.sleep(0.4)
        return batch

    def train_dataloader(self: TrainingData, settings: TrainingSettings) -> DataLoader[Batch]:
        loader = unhindered(self, settings)
        loader.collate_fn = slow
        return loader

    unhindered = TrainingData.train_dataloader
    data = tiny_training_data(tmp_path)
    monkeypatch.setattr(
        TrainingData, "train_dataloader", lambda *given: train_dataloader(*given[:2])
    )
    speed, _ = measure(data, settings)
    assert speed.ratio < 0.7
    assert not speed.keeps_up


def test_the_ratio_is_that_of_the_middle_round() -> None:
    speed = InputSpeed((9.0, 2.0, 9.5), (10.0, 10.0, 10.0))
    assert speed.ratio == pytest.approx(0.9)
    assert speed.keeps_up
    assert not InputSpeed((8.9,), (10.0,)).keeps_up


def test_the_figures_are_said_and_written(tmp_path: Path) -> None:
    speed = InputSpeed((19.0,), (20.0,))
    assert speed.describe() == (
        "19 steps/s with photos as they are read, 20 with photos in memory: a ratio of 0.95, "
        "at least 0.90."
    )
    assert "less than 0.90" in InputSpeed((1.0,), (20.0,)).describe()
    speed.write(tmp_path / "deep" / "input_speed.json")
    figures = json.loads((tmp_path / "deep" / "input_speed.json").read_text())
    assert figures["ratio"] == pytest.approx(0.95)
    assert figures["keeps_up"] is True
    assert np.isclose(figures["read_steps_per_s"][0], 19.0)
