"""What a run is told, and what it takes where nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hangtag.errors import SettingsInvalid
from training.settings import TrainingSettings, make_settings

DATA = Path("catalogue")


def test_from_scratch_there_is_no_head_phase_and_one_rate() -> None:
    settings = make_settings(DATA, "none")
    assert (settings.head_epochs, settings.size_px) == (0, 112)
    assert (settings.learning_rate, settings.body_rate, settings.dropout) == (2e-3, 1.0, 0.0)


def test_from_scratch_takes_more_epochs() -> None:
    assert make_settings(DATA, "none").epochs > make_settings(DATA, "imagenet").epochs


@pytest.mark.parametrize("weights", ["imagenet", "runs/first/bundle/weights.pth"])
def test_a_pretrained_body_starts_frozen_and_learns_slowly(weights: str) -> None:
    settings = make_settings(DATA, weights)
    assert (settings.epochs, settings.head_epochs, settings.size_px) == (8, 2, 224)
    assert (settings.learning_rate, settings.body_rate, settings.dropout) == (1e-3, 0.1, 0.2)


def test_the_same_backbone_is_meant_for_all_start_weights() -> None:
    assert make_settings(DATA, "none").backbone == "resnet152"
    assert make_settings(DATA, "imagenet").backbone == "resnet152"


def test_given_values_win() -> None:
    settings = make_settings(DATA, "none", epochs=3, size_px=64, backbone="resnet18")
    assert (settings.epochs, settings.size_px, settings.backbone) == (3, 64, "resnet18")
    assert settings.learning_rate == 2e-3


def test_zero_is_a_given_value_and_none_is_not() -> None:
    settings = make_settings(DATA, "imagenet", head_epochs=0, dropout=0.0, epochs=None)
    assert (settings.head_epochs, settings.dropout, settings.epochs) == (0, 0.0, 8)


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"The setting epoch is wrong: .*not permitted"):
        make_settings(DATA, "none", epoch=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("head_epochs", -1),
        ("size_px", 31),
        ("size_px", 1025),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("body_rate", 1.5),
        ("weight_decay", -0.1),
        ("dropout", 1.0),
        ("precision", "fp8"),
        ("target_precision", 1.0),
        ("seed", "first"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsInvalid, match=f"^The setting {name} is wrong: .+[.]$"):
        make_settings(DATA, "none", **{name: value})


@pytest.mark.parametrize(("epochs", "head_epochs"), [(1, 0), (2, 1), (3, 2), (4, 2)])
def test_the_head_phase_leaves_an_epoch_for_the_whole_network(
    epochs: int, head_epochs: int
) -> None:
    assert make_settings(DATA, "imagenet", epochs=epochs).head_epochs == head_epochs


def test_a_long_head_phase_is_cut_to_leave_an_epoch() -> None:
    assert make_settings(DATA, "imagenet", epochs=4, head_epochs=9).head_epochs == 3


def test_settings_read_back_are_the_same() -> None:
    settings = make_settings(DATA, "imagenet", seed=3, skip_bad=True)
    assert TrainingSettings.model_validate(settings.model_dump(mode="json")) == settings
