"""What a training run is told: composed of parts, and read without torch."""

from training.settings.composed import (
    FLAT_NAMES,
    SETTING_NAMES,
    LoggerName,
    TrainingSettings,
    nested,
    stored_values,
)
from training.settings.making import head_phase, make_settings
from training.settings.parts import (
    PACKAGED,
    PACKAGED_BACKBONE,
    Augmentation,
    LossName,
    Precision,
)

__all__ = [
    "FLAT_NAMES",
    "PACKAGED",
    "PACKAGED_BACKBONE",
    "SETTING_NAMES",
    "Augmentation",
    "LoggerName",
    "LossName",
    "Precision",
    "TrainingSettings",
    "head_phase",
    "make_settings",
    "nested",
    "stored_values",
]
