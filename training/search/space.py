"""What a search varies, and how far: a distribution for each setting of training/settings."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
)

from hangtag.errors import SettingsInvalid
from training.settings import TrainingSettings

Space: TypeAlias = dict[str, BaseDistribution]
# What a CategoricalDistribution and a FloatDistribution draw.
Value: TypeAlias = bool | int | float | str | None

# A head on embeddings that stay as they are.
QUICK: Space = {
    "optimizer.lr": FloatDistribution(3e-4, 3e-2, log=True),
    "optimizer.weight_decay": FloatDistribution(1e-3, 1.0, log=True),
    "network.dropout": FloatDistribution(0.0, 0.8),
    "data.batch_size": CategoricalDistribution((64, 128, 256)),
    "loss.label_smoothing": FloatDistribution(0.0, 0.2),
    "network.head_width": CategoricalDistribution((0, 256, 512, 1024)),
}

FINE_TUNING: Space = {
    **QUICK,
    "optimizer.lr": FloatDistribution(1e-4, 1e-2, log=True),
    "optimizer.weight_decay": FloatDistribution(1e-3, 0.3, log=True),
    "network.dropout": FloatDistribution(0.0, 0.6),
    "data.batch_size": CategoricalDistribution((16, 32, 64)),
    "augmentation.rotation_degrees": FloatDistribution(0.0, 20.0),
    "augmentation.zoom": FloatDistribution(0.0, 0.3),
    "augmentation.brightness": FloatDistribution(0.0, 0.2),
    "augmentation.mixup_alpha": FloatDistribution(0.0, 0.4),
    # Epochs grow with it: a higher one would win by training longer.
    "data.balance_max_count": CategoricalDistribution((None, 10, 30)),
}

# From scratch there is nothing to keep or to change slowly.
PRETRAINED: Space = {
    **FINE_TUNING,
    "optimizer.backbone_lr_mult": FloatDistribution(0.01, 1.0, log=True),
    "network.frozen_depth": FloatDistribution(0.0, 0.8, step=0.2),
}


def search_space(settings: TrainingSettings, given: Collection[str]) -> Space:
    """Return what is searched for a kind of run; the settings that were given stay as they are.

    Raises
    ------
    SettingsInvalid : if that leaves nothing to search.
    """
    whole = FINE_TUNING if settings.network.weights == "none" else PRETRAINED
    if settings.quick:
        whole = QUICK
    # A mixed photo has two labels, which the contrastive term cannot take.
    kept = {*given, *(["augmentation.mixup_alpha"] if settings.loss.contrastive_weight else [])}
    space = {name: distribution for name, distribution in whole.items() if name not in kept}
    if not space:
        raise SettingsInvalid("All settings that are searched were given; leave some of them out.")
    return space


def with_drawn(settings: TrainingSettings, drawn: Mapping[str, Value]) -> TrainingSettings:
    """Return the settings of a trial."""
    return settings.with_values(rounded(drawn))


def rounded(drawn: Mapping[str, Value]) -> dict[str, Value]:
    """Return what was drawn with three digits: what is trained is what is printed."""
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value
        for name, value in drawn.items()
    }
