"""What a training run is told; written into the bundle, so that a tagger says how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hangtag.errors import SettingsInvalid

# From scratch there is nothing to freeze, and more, smaller photos teach more in the same time.
_FROM_SCRATCH: dict[str, float] = {
    "epochs": 14,
    "head_epochs": 0,
    "size_px": 112,
    "learning_rate": 2e-3,
    "body_rate": 1.0,
    "dropout": 0.0,
}
_PRETRAINED: dict[str, float] = {
    "epochs": 8,
    "head_epochs": 2,
    "size_px": 224,
    "learning_rate": 1e-3,
    "body_rate": 0.1,
    "dropout": 0.2,
}

Precision = Literal["auto", "fp32", "bf16", "fp16"]


class TrainingSettings(BaseModel):
    """Settings of one run; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    backbone: str = "resnet152"
    # `imagenet`, `none`, or a file of weights.
    weights: str = "imagenet"
    # Epochs in all; the first `head_epochs` of them train the head alone.
    epochs: int = Field(ge=1)
    head_epochs: int = Field(ge=0)
    # Side of the square that the network sees.
    size_px: int = Field(ge=32, le=1024)
    batch_size: int = Field(32, ge=2)
    # Of the head; the pretrained body learns `body_rate` times as fast.
    learning_rate: float = Field(gt=0)
    body_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(0.05, ge=0)
    dropout: float = Field(ge=0, lt=1)
    precision: Precision = "auto"
    # `accept` promises at least this precision on validation photos.
    target_precision: float = Field(0.95, gt=0, lt=1)
    seed: int = 7
    skip_bad: bool = False


def make_settings(data: Path, weights: str, **given: object) -> TrainingSettings:
    """Return settings: what was given, and for the rest what suits the start weights.

    Raises
    ------
    SettingsInvalid : naming the setting and what is wrong with it.
    """
    defaults = _FROM_SCRATCH if weights == "none" else _PRETRAINED
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        settings = TrainingSettings.model_validate(
            {"data": data, "weights": weights, **defaults, **chosen}
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"])
        raise SettingsInvalid(f"The setting {name} is wrong: {first['msg']}.") from error
    if settings.head_epochs >= settings.epochs:
        # A short run keeps at least one epoch for the whole network.
        settings = settings.model_copy(update={"head_epochs": settings.epochs - 1})
    return settings
