"""Any torchvision classification network as the body of a tagger."""

import warnings
from pathlib import Path
from urllib.error import URLError

import torchvision
from torch import nn
from torchvision.models import get_model, get_model_weights, list_models

from training.errors import WeightsUnavailable
from training.model.backbones.weights_file import load_weights
from training.model.network import Normalisation
from training.settings import PACKAGED, PACKAGED_BACKBONE

# Of ImageNet's photos: what torchvision's weights were trained with.
NORMALISATION = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
_IMAGENET_CLASSES = 1000


def torchvision_names() -> list[str]:
    """Return the names of torchvision's classification networks."""
    names: list[str] = list_models(module=torchvision.models)
    return names


def torchvision_body(name: str, weights: str) -> nn.Module:
    """Return a network without its classifier; see `build_backbone`."""
    network = _with_imagenet_weights(name) if weights == "imagenet" else _with_random_weights(name)
    # Before loading: the weights of an earlier run have none.
    _drop_auxiliary_heads(network)
    if weights not in ("imagenet", "none"):
        load_weights(network, Path(weights), head=_find_head(network))
    _replace_head(network)
    return network


def _with_random_weights(name: str) -> nn.Module:
    with warnings.catch_warnings():
        # GoogLeNet and Inception announce that they will be initialised otherwise one day.
        warnings.simplefilter("ignore", FutureWarning)
        network: nn.Module = get_model(name)
    return network


def _with_imagenet_weights(name: str) -> nn.Module:
    try:
        network: nn.Module = get_model(name, weights="DEFAULT")
    except (URLError, OSError, RuntimeError) as error:
        url = get_model_weights(name)["DEFAULT"].url
        raise WeightsUnavailable(
            f"The ImageNet weights of {name} cannot be downloaded ({error}). Either download "
            f"{url} elsewhere and give the file, weights=path/to/file.pth, or train from random "
            "weights with weights=none, or use the weights of an earlier run, "
            "weights=runs/…/bundle/weights.pth, or those that come with the packages, "
            f"backbone={PACKAGED_BACKBONE} weights={PACKAGED}."
        ) from error
    return network


def _drop_auxiliary_heads(network: nn.Module) -> None:
    # GoogLeNet and Inception return extra outputs in training mode unless told not to.
    if hasattr(network, "aux_logits"):
        setattr(network, "aux_logits", False)  # noqa: B010 - nn.Module types it as a layer
        for name in ("aux1", "aux2", "AuxLogits"):
            if hasattr(network, name):
                setattr(network, name, None)


def _find_head(network: nn.Module) -> str:
    """Return the name of the layer that gives the ImageNet classes: the last one that does."""
    heads: list[str] = [
        name
        for name, layer in network.named_modules()
        if _IMAGENET_CLASSES
        in (getattr(layer, "out_features", 0), getattr(layer, "out_channels", 0))
    ]
    return heads[-1]


def _replace_head(network: nn.Module) -> None:
    parent_name, _, name = _find_head(network).rpartition(".")
    setattr(network.get_submodule(parent_name), name, nn.Identity())
