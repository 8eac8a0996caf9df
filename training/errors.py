"""What goes wrong in training, beside the errors of the core."""

from hangtag.errors import SetupError


class WeightsUnavailable(SetupError):
    """The pretrained weights that were asked for cannot be had."""


class RunInterrupted(SetupError):
    """The operator stopped a training run, which can go on later."""


class TrainingDiverged(SetupError):
    """What a network computes are no longer numbers."""
