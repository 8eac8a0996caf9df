"""What a run is told, and what it takes where nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hangtag.errors import SettingsInvalid
from training.settings import TrainingSettings, head_phase, make_settings

DATA = Path("catalogue")


def test_from_scratch_there_is_no_head_phase_and_one_rate() -> None:
    settings = make_settings(DATA, "none")
    assert (settings.head_epochs, settings.size_px) == (0, 112)
    assert (settings.learning_rate, settings.body_rate, settings.dropout) == (2e-3, 1.0, 0.0)


def test_from_scratch_takes_more_epochs() -> None:
    assert make_settings(DATA, "none").epochs > make_settings(DATA, "imagenet").epochs


@pytest.mark.parametrize("weights", ["imagenet", "runs/first/bundle/weights.pth"])
def test_a_pretrained_body_waits_for_its_head_and_learns_slowly(weights: str) -> None:
    settings = make_settings(DATA, weights)
    assert (settings.epochs, settings.head_epochs, settings.size_px) == (8, 25, 224)
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
    with pytest.raises(SettingsInvalid, match=r"epoch is unknown; did you mean 'epochs'\?"):
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
        ("seed", -1),
        ("devices", 0),
        ("devices", "some"),
        ("compile", "perhaps"),
        ("rotation_degrees", -1),
        ("zoom", 1.0),
        ("hue", 0.6),
        ("mixup_alpha", -0.1),
        ("balance_max_count", 0),
        ("contrastive_weight", -1),
        ("loggers", "csv,paper"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsInvalid, match=f"^The setting {name} is wrong: .+[.]$"):
        make_settings(DATA, "none", **{name: value})


def test_the_packaged_network_learns_as_fast_as_its_head() -> None:
    settings = make_settings(DATA, "packaged", backbone="tf_efficientnet_lite0")
    assert (settings.epochs, settings.size_px, settings.body_rate) == (10, 224, 1.0)


def test_the_head_phase_is_as_in_quick_mode() -> None:
    phase = head_phase(make_settings(DATA, "imagenet", epochs=3, head_epochs=12, dropout=0.1))
    quick = make_settings(DATA, quick=True, epochs=12)
    names = ("epochs", "batch_size", "learning_rate", "weight_decay", "dropout")
    assert [getattr(phase, name) for name in names] == [getattr(quick, name) for name in names]


def test_settings_read_back_are_the_same() -> None:
    settings = make_settings(DATA, "imagenet", seed=3, skip_bad=True)
    assert TrainingSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_loggers_are_given_with_commas_or_as_a_list() -> None:
    for given in ("csv,mlflow", "csv, mlflow", ["csv", "mlflow"]):
        assert make_settings(DATA, "none", loggers=given).loggers == ("csv", "mlflow")


def test_devices_are_a_number_or_all_there_are() -> None:
    assert make_settings(DATA, "none").devices == "auto"
    assert make_settings(DATA, "none", devices="auto").devices == "auto"
    assert make_settings(DATA, "none", devices="2").devices == 2


def test_mixed_photos_are_not_contrasted() -> None:
    with pytest.raises(SettingsInvalid, match=r"contrastive_weight is wrong: .*leave one at 0"):
        make_settings(DATA, "none", contrastive_weight=0.1, mixup_alpha=0.2)
    assert make_settings(DATA, "none", contrastive_weight=0.1).mixup_alpha == 0


def test_photos_are_scaled_down_for_training_never_up() -> None:
    assert make_settings(DATA, "none", size_px=96, train_size_px=96).train_size_px == 96
    with pytest.raises(SettingsInvalid, match=r"train_size_px is wrong: .*at most size_px=96"):
        make_settings(DATA, "none", size_px=96, train_size_px=97)


@pytest.mark.parametrize(
    "name",
    ["mixup_alpha", "balance_max_count", "contrastive_weight", "zoom", "patience", "ema", "devices",
     "compile", "head_epochs", "accumulate", "frozen_depth", "train_size_px"],
)  # fmt: skip
def test_quick_mode_refuses_what_it_would_ignore(name: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"^quick=true fits only the head.*leave {name} out"):
        make_settings(DATA, quick=True, **{name: "1"})
    make_settings(DATA, quick=True, **{name: None})
