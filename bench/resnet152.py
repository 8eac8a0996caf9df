"""A ResNet152 with random weights: it computes what a trained one does, and needs no download."""

from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torchvision.models.resnet import Bottleneck

from hangtag.images.decode import ImageLimits, Preprocessing, decode_image
from training.model.backbones import build_backbone
from training.model.network import TaggerNetwork

BACKBONE = "resnet152"
SIZE_PX = 224
# What a residual block adds to its input. With the usual 1, a random network of this depth
# amplifies every rounding a hundredfold, which no trained one does.
_RESIDUAL_SCALE = 0.2
_LARGEST_LOGIT = 6.0
_HEAD_SCALE = 0.3


def pixels_of(photo: bytes, size_px: int = SIZE_PX) -> npt.NDArray[np.uint8]:
    """Return a photo as the model's input, uint8 (3, S, S)."""
    image = decode_image(photo, ImageLimits(), size_px)
    return Preprocessing(size_px=size_px).to_model_input(image.rgb)


def random_network(backbone: str, labels: int, calibration: npt.NDArray[np.uint8]) -> TaggerNetwork:
    """Return any torchvision classifier as a tagger with random weights, in evaluation mode.

    Parameters
    ----------
    calibration : photos such as it will see, uint8 (N, 3, S, S); the same ones give the same
        network
    """
    torch.manual_seed(0)
    body = build_backbone(backbone, "none", calibration.shape[-1])
    network = TaggerNetwork(body, labels, dropout=0.0)
    # Untrained batch norms let the activations of 152 layers explode, and every score would be
    # 0 or 1, whatever the network computes: they take the statistics of some photos instead.
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None
        if isinstance(layer, Bottleneck):
            torch.nn.init.constant_(layer.bn3.weight, _RESIDUAL_SCALE)
    network.train()
    with torch.no_grad():
        _set_labels_apart(cast(torch.nn.Linear, network.head))
        network(torch.from_numpy(calibration))
    return network.eval()


def _set_labels_apart(head: torch.nn.Linear) -> None:
    """Spread the labels' logits evenly.

    What random weights decide by a hair, any rounding would decide otherwise, which is not so with
    trained ones.
    """
    spread = torch.linspace(-_LARGEST_LOGIT, _LARGEST_LOGIT, head.out_features)
    head.bias.copy_(spread[torch.randperm(head.out_features)])
    head.weight.mul_(_HEAD_SCALE)
