"""The network that a tagger is built on: torchvision's, or timm's where it is installed."""

import torch
from torch import nn

from hangtag.errors import SettingsInvalid
from training.model.availability import unknown_backbone
from training.model.backbones.timm_networks import timm_body, timm_names
from training.model.backbones.torchvision_networks import (
    NORMALISATION,
    torchvision_body,
    torchvision_names,
)
from training.model.network import Backbone
from training.settings import PACKAGED, PACKAGED_BACKBONE

__all__ = ["PACKAGED", "build_backbone"]


def build_backbone(name: str, weights: str, size_px: int) -> Backbone:
    """Return a body that maps normalised photos (B, 3, S, S) to embeddings (B, E).

    Parameters
    ----------
    name : of torchvision's classification networks, such as `resnet152`, or of timm's
    weights : `imagenet`, `none`, `packaged`, or the path of a file of weights
    size_px : S

    Raises
    ------
    SettingsInvalid : if there is no such network, or it does not take photos of that size.
    WeightsUnavailable : if the weights cannot be downloaded or do not fit.
    """
    if name in torchvision_names():
        if weights == PACKAGED:
            raise SettingsInvalid(
                f"weights={PACKAGED} are those of {PACKAGED_BACKBONE}; there are none of {name} in "
                "a package."
            )
        body, normalisation = torchvision_body(name, weights), NORMALISATION
    elif name in timm_names():
        body, normalisation = timm_body(name, weights)
    else:
        raise unknown_backbone(name, torchvision_names(), timm_names())
    return Backbone(body, _embedding_width(body, name, size_px), normalisation)


def _embedding_width(body: nn.Module, name: str, size_px: int) -> int:
    body.eval()
    try:
        with torch.no_grad():
            embedding = body(torch.zeros(1, 3, size_px, size_px))
    except (RuntimeError, AssertionError) as error:
        raise SettingsInvalid(
            f"{name} does not take photos of {size_px} px ({error}); choose another data.size_px."
        ) from error
    return int(embedding.shape[1])
