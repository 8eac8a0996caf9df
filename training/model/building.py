"""From settings to the network that a run begins with."""

import pytorch_lightning as pl

from hangtag.label_space import LabelSpace
from training.model.backbones import build_backbone
from training.model.network import Backbone, TaggerNetwork
from training.settings import TrainingSettings


def build_network(
    settings: TrainingSettings, weights: str, label_space: LabelSpace
) -> TaggerNetwork:
    """Return the network that a run begins with; what its seed leaves to chance is the same again.

    Raises
    ------
    WeightsUnavailable : if the weights cannot be had.
    """
    pl.seed_everything(settings.seed, verbose=False)
    backbone = build_backbone(settings.network.backbone, weights, settings.data.size_px)
    pl.seed_everything(settings.seed, verbose=False)
    return network_on(backbone, settings, label_space)


def network_on(
    backbone: Backbone, settings: TrainingSettings, label_space: LabelSpace
) -> TaggerNetwork:
    """Return the network of the settings on a backbone, its head with random weights."""
    return TaggerNetwork(
        backbone,
        len(label_space),
        settings.network.dropout,
        colour_branch=settings.network.colour_branch,
        head_width=settings.network.head_width,
        mirrored=settings.network.mirrored,
    )
