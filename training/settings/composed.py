"""The settings of one training run, composed of parts; each has a dotted name: `optimizer.lr`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from hangtag.images.limits import ImageLimits
from training.settings.parts import (
    Augmentation,
    Calibration,
    Data,
    Export,
    Hardware,
    Loss,
    Network,
    Optimizer,
    Part,
    Schedule,
)

LoggerName = Literal["csv", "tensorboard", "mlflow"]


def _split_at_commas(value: object) -> object:
    # As `--set loggers=csv,mlflow` gives it.
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


class TrainingSettings(Part):
    """Settings of one run; the bundle holds them, so that a tagger says how it was made."""

    data: Data
    network: Network
    schedule: Schedule
    optimizer: Optimizer
    augmentation: Augmentation = Augmentation()
    loss: Loss = Loss()
    calibration: Calibration = Calibration()
    export: Export = Export()
    hardware: Hardware = Hardware()
    # Where the figures of each epoch go; `csv` is always among them.
    loggers: Annotated[tuple[LoggerName, ...], BeforeValidator(_split_at_commas)] = (
        "csv",
        "tensorboard",
    )
    seed: int = Field(7, ge=0, lt=2**32)
    # The backbone stays as it is: its embeddings are computed once, and the head is fitted to them.
    quick: bool = False

    @property
    def is_calibratable(self) -> bool:
        """Whether a label that gets a score s should hold in a share s of cases.

        Not where some labels or photos count more than others, or errors by their size. What makes
        all scores of a group less sure alike, smoothing and MixUp, temperatures mend.
        """
        evenly = self.loss.class_weight_power == 0 and self.data.balance_max_count is None
        return evenly and self.loss.name in ("softmax", "bce")

    @field_validator("loss")
    @classmethod
    def _unmixed(cls, loss: Loss, info: ValidationInfo) -> Loss:
        augmentation = info.data.get("augmentation")
        if loss.contrastive_weight and augmentation and augmentation.mixup_alpha:
            raise ValueError(
                "a photo that augmentation.mixup_alpha mixes has two labels, so leave it or "
                "loss.contrastive_weight at 0"
            )
        return loss

    def value(self, name: str) -> Any:
        """Return the setting of a dotted name."""
        return reduce(getattr, name.split("."), self)

    def with_values(self, values: Mapping[str, object]) -> TrainingSettings:
        """Return the settings with other values, by dotted name."""
        return TrainingSettings.model_validate(nested({**dotted(self.model_dump()), **values}))


def _names_of(model: type[Part]) -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, Part):
            names += [f"{name}.{inner}" for inner in part.model_fields]
        else:
            names.append(name)
    return names


SETTING_NAMES = tuple(_names_of(TrainingSettings))
# Releases before this one had no parts: what they called each setting, and today's last words.
FLAT_NAMES = {name.rpartition(".")[2]: name for name in SETTING_NAMES} | {
    "data": "data.folder",
    "loss": "loss.name",
    "learning_rate": "optimizer.lr",
    "body_rate": "optimizer.backbone_lr_mult",
}


def dotted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"optimizer.lr": 0.1} of {"optimizer": {"lr": 0.1}}."""
    return {
        f"{part}.{name}" if name else part: inner
        for part, value in document.items()
        for name, inner in (value.items() if isinstance(value, Mapping) else [("", value)])
    }


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return {"optimizer": {"lr": 0.1}} of {"optimizer.lr": 0.1}."""
    document: dict[str, Any] = {}
    for dotted_name, value in values.items():
        part, _, name = dotted_name.rpartition(".")
        (document.setdefault(part, {}) if part else document)[name] = value
    return document


def stored_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a run or bundle stored, by dotted name; also of the last release."""
    # What photos were read within before there were settings for it.
    limits = {f"data.{name}": value for name, value in ImageLimits()}
    if isinstance(document["data"], Mapping):
        return {**limits, **dotted(document)}
    return {**limits, **{FLAT_NAMES.get(name, name): value for name, value in document.items()}}
