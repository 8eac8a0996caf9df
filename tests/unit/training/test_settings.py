"""What a run is told, and what it takes where nothing is said."""

import re
from pathlib import Path

import pytest

from hangtag.errors import SettingsInvalid
from training.settings import (
    FLAT_NAMES,
    SETTING_NAMES,
    TrainingSettings,
    head_phase,
    make_settings,
    nested,
    stored_values,
)

DATA = Path("catalogue")


def test_from_scratch_there_is_no_head_phase_and_one_rate() -> None:
    settings = make_settings(DATA, {"network.weights": "none"})
    assert (settings.schedule.head_epochs, settings.data.size_px) == (0, 112)
    assert (
        settings.optimizer.lr,
        settings.optimizer.backbone_lr_mult,
        settings.network.dropout,
    ) == (2e-3, 1.0, 0.0)


def test_from_scratch_takes_more_epochs() -> None:
    assert (
        make_settings(DATA, {"network.weights": "none"}).schedule.epochs
        > make_settings(DATA, {"network.weights": "imagenet"}).schedule.epochs
    )


@pytest.mark.parametrize("weights", ["imagenet", "runs/first/bundle/weights.pth"])
def test_a_pretrained_body_waits_for_its_head_and_learns_slowly(weights: str) -> None:
    settings = make_settings(DATA, {"network.weights": weights})
    assert (settings.schedule.epochs, settings.schedule.head_epochs, settings.data.size_px) == (
        8,
        25,
        224,
    )
    assert (
        settings.optimizer.lr,
        settings.optimizer.backbone_lr_mult,
        settings.network.dropout,
    ) == (1e-3, 0.1, 0.2)


def test_the_same_backbone_is_meant_for_all_start_weights() -> None:
    assert make_settings(DATA, {"network.weights": "none"}).network.backbone == "resnet152"
    assert make_settings(DATA, {"network.weights": "imagenet"}).network.backbone == "resnet152"


def test_given_values_win() -> None:
    settings = make_settings(
        DATA,
        {
            "network.weights": "none",
            "schedule.epochs": 3,
            "data.size_px": 64,
            "network.backbone": "resnet18",
        },
    )
    assert (settings.schedule.epochs, settings.data.size_px, settings.network.backbone) == (
        3,
        64,
        "resnet18",
    )
    assert settings.optimizer.lr == 2e-3


def test_zero_is_a_given_value_and_none_is_not() -> None:
    settings = make_settings(
        DATA,
        {
            "network.weights": "imagenet",
            "schedule.head_epochs": 0,
            "network.dropout": 0.0,
            "schedule.epochs": None,
        },
    )
    assert (settings.schedule.head_epochs, settings.network.dropout, settings.schedule.epochs) == (
        0,
        0.0,
        8,
    )


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(
        SettingsInvalid, match=r"epoch is unknown; did you mean 'schedule.epochs'\?"
    ):
        make_settings(DATA, {"network.weights": "none", "epoch": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schedule.epochs", 0),
        ("schedule.head_epochs", -1),
        ("data.size_px", 31),
        ("data.size_px", 1025),
        ("data.batch_size", 1),
        ("optimizer.lr", 0.0),
        ("optimizer.lr", float("nan")),
        ("optimizer.backbone_lr_mult", 1.5),
        ("optimizer.weight_decay", -0.1),
        ("network.dropout", 1.0),
        ("hardware.precision", "fp8"),
        ("calibration.target_precision", 1.0),
        ("seed", "first"),
        ("seed", -1),
        ("hardware.devices", 0),
        ("hardware.devices", "some"),
        ("hardware.compile", "perhaps"),
        ("augmentation.rotation_degrees", -1),
        ("augmentation.zoom", 1.0),
        ("augmentation.hue", 0.6),
        ("augmentation.mixup_alpha", -0.1),
        ("data.balance_max_count", 0),
        ("loss.contrastive_weight", -1),
        ("loggers", "csv,paper"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsInvalid, match=f"^The setting {name} is wrong: .+[.]$"):
        make_settings(DATA, {"network.weights": "none", **{name: value}})


def test_the_packaged_network_learns_as_fast_as_its_head() -> None:
    settings = make_settings(
        DATA, {"network.weights": "packaged", "network.backbone": "tf_efficientnet_lite0"}
    )
    assert (
        settings.schedule.epochs,
        settings.data.size_px,
        settings.optimizer.backbone_lr_mult,
    ) == (10, 224, 1.0)


def test_the_head_phase_is_as_in_quick_mode() -> None:
    phase = head_phase(
        make_settings(
            DATA,
            {
                "network.weights": "imagenet",
                "schedule.epochs": 3,
                "schedule.head_epochs": 12,
                "network.dropout": 0.1,
            },
        )
    )
    quick = make_settings(DATA, {"quick": True, "schedule.epochs": 12})
    names = tuple(
        FLAT_NAMES[name] for name in ("epochs", "batch_size", "lr", "weight_decay", "dropout")
    )
    assert [phase.value(name) for name in names] == [quick.value(name) for name in names]


def test_settings_read_back_are_the_same() -> None:
    settings = make_settings(
        DATA, {"network.weights": "imagenet", "seed": 3, "data.skip_bad": True}
    )
    assert TrainingSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_loggers_are_given_with_commas_or_as_a_list() -> None:
    for given in ("csv,mlflow", "csv, mlflow", ["csv", "mlflow"]):
        assert make_settings(DATA, {"network.weights": "none", "loggers": given}).loggers == (
            "csv",
            "mlflow",
        )


def test_devices_are_a_number_or_all_there_are() -> None:
    assert make_settings(DATA, {"network.weights": "none"}).hardware.devices == "auto"
    assert (
        make_settings(
            DATA, {"network.weights": "none", "hardware.devices": "auto"}
        ).hardware.devices
        == "auto"
    )
    assert (
        make_settings(DATA, {"network.weights": "none", "hardware.devices": "2"}).hardware.devices
        == 2
    )


def test_mixed_photos_are_not_contrasted() -> None:
    with pytest.raises(
        SettingsInvalid, match=r"loss is wrong: .*leave it or loss.contrastive_weight at 0"
    ):
        make_settings(
            DATA,
            {
                "network.weights": "none",
                "loss.contrastive_weight": 0.1,
                "augmentation.mixup_alpha": 0.2,
            },
        )
    assert (
        make_settings(
            DATA, {"network.weights": "none", "loss.contrastive_weight": 0.1}
        ).augmentation.mixup_alpha
        == 0
    )


def test_photos_are_scaled_down_for_training_never_up() -> None:
    assert (
        make_settings(
            DATA, {"network.weights": "none", "data.size_px": 96, "data.train_size_px": 96}
        ).data.train_size_px
        == 96
    )
    with pytest.raises(SettingsInvalid, match=r"train_size_px is wrong: .*at most data.size_px=96"):
        make_settings(
            DATA, {"network.weights": "none", "data.size_px": 96, "data.train_size_px": 97}
        )


@pytest.mark.parametrize(
    "name",
    ["augmentation.mixup_alpha", "data.balance_max_count", "loss.contrastive_weight",
     "augmentation.zoom", "schedule.patience", "optimizer.ema", "hardware.devices",
     "hardware.compile", "schedule.head_epochs", "optimizer.accumulate", "network.frozen_depth",
     "data.train_size_px"],
)  # fmt: skip
def test_quick_mode_refuses_what_it_would_ignore(name: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"^quick=true fits only the head.*leave {name} out"):
        make_settings(DATA, {"quick": True, **{name: "1"}})
    make_settings(DATA, {"quick": True, **{name: None}})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("optimiser.lr", "did you mean 'optimizer.lr'?"),
        ("learning_rte", "did you mean 'optimizer.lr'?"),
        ("network.lr", "did you mean 'optimizer.lr'?"),
        ("calibration.x", "there are: calibration.target_precision, calibration.coverage."),
    ],
)
def test_an_unknown_name_is_refused_with_the_near_ones(name: str, hint: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        make_settings(DATA, {name: "1"})
    assert str(refused.value) == f"The setting {name} is unknown; {hint}"


def test_each_last_word_says_which_setting_is_meant() -> None:
    assert set(FLAT_NAMES.values()) == set(SETTING_NAMES)
    assert FLAT_NAMES["loss"] == "loss.name"


def test_a_value_is_read_and_changed_by_its_dotted_name() -> None:
    settings = make_settings(DATA)
    changed = settings.with_values({"optimizer.lr": 0.5, "seed": 8})
    assert (changed.value("optimizer.lr"), changed.seed) == (0.5, 8)
    assert changed.with_values({"optimizer.lr": 1e-3, "seed": 7}) == settings


# What the release before this one wrote, when there were no parts.
FLAT_DOCUMENT = {
    "moved_share": 0.5, "rotation_degrees": 8.0, "zoom": 0.1, "shift": 0.05, "brightness": 0.05,
    "hue": 0.0, "grey_share": 0.0, "data": "catalogue", "backbone": "resnet18", "weights": "none",
    "epochs": 3, "head_epochs": 0, "patience": None, "size_px": 64, "batch_size": 32,
    "devices": "auto", "compile": False, "frozen_depth": 0.0, "train_size_px": None,
    "accumulate": 1, "learning_rate": 0.002, "body_rate": 1.0, "weight_decay": 0.05,
    "dropout": 0.0, "precision": "auto", "loss": "bce", "class_weight_power": 0.0,
    "label_smoothing": 0.1, "head_width": 512, "colour_branch": True, "mirrored": False,
    "stored_weights": "fp32", "mixup_alpha": 0.0, "balance_max_count": None,
    "contrastive_weight": 0.0, "contrastive_group": None, "ema": 0.999, "quick": False,
    "target_precision": 0.95, "coverage": 0.9, "loggers": ["csv", "tensorboard"], "seed": 7,
    "group_by": "title", "skip_bad": False,
}  # fmt: skip


def test_settings_of_the_last_release_are_read() -> None:
    values = stored_values(FLAT_DOCUMENT)
    assert values.keys() == set(SETTING_NAMES)
    assert TrainingSettings.model_validate(nested(values)) == make_settings(
        DATA,
        {
            "network.weights": "none",
            "network.backbone": "resnet18",
            "schedule.epochs": 3,
            "data.size_px": 64,
            "loss.name": "bce",
        },
    )


def test_todays_settings_are_read_as_they_are_stored() -> None:
    document = make_settings(DATA).model_dump(mode="json")
    assert nested(stored_values(document)) == document


def test_the_documentation_names_each_setting() -> None:
    text = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")
    table = text.partition("## Settings")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE))
    named = {
        f"{part.strip('`')}.{name}".removeprefix("of no part.")
        for part, names in rows.items()
        for name in re.findall(r"`(\w+)`", names)
    }
    assert named == set(SETTING_NAMES) - {"data.folder", "quick"}
