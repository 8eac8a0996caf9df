"""Any torchvision classification network as the body of a tagger."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from urllib.error import URLError

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights, list_models

from hangtag.errors import SettingsInvalid, WeightsUnavailable

_IMAGENET_CLASSES = 1000
# What torch.load raises on files of other kinds: each was met.
_UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    pickle.UnpicklingError,
    KeyError,
    IndexError,
    UnicodeDecodeError,
)


def build_backbone(name: str, weights: str, size_px: int) -> tuple[nn.Module, int]:
    """Return a body that maps normalised photos (B, 3, S, S) to embeddings (B, E), and E.

    Parameters
    ----------
    name : of torchvision's classification networks, such as `resnet152`
    weights : `imagenet`, `none`, or the path of a file of weights (see `load_weights`)
    size_px : S

    Raises
    ------
    SettingsInvalid : if there is no such network, or it does not take photos of that size.
    WeightsUnavailable : if the weights cannot be downloaded or do not fit.
    """
    known = list_models(module=torchvision.models)
    if name not in known:
        raise SettingsInvalid(
            f"There is no torchvision classification network {name!r}; there are: "
            f"{', '.join(known)}."
        )
    network = _with_imagenet_weights(name) if weights == "imagenet" else _with_random_weights(name)
    # Before loading: the weights of an earlier run have none.
    _drop_auxiliary_heads(network)
    if weights not in ("imagenet", "none"):
        load_weights(network, Path(weights))
    _replace_head(network)
    return network, _embedding_width(network, name, size_px)


def load_weights(network: nn.Module, path: Path) -> None:
    """Load a torchvision state dict, or the body out of a bundle's weights.pth.

    Raises
    ------
    WeightsUnavailable : if the file is missing, is no state dict, or is of another network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise WeightsUnavailable(
            f"WEIGHTS={path} does not exist; give imagenet, none, or a state dict file (.pth)."
        ) from error
    except _UNREADABLE as error:
        raise WeightsUnavailable(f"WEIGHTS={path} is no state dict that torch reads.") from error
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise WeightsUnavailable(f"WEIGHTS={path} holds no state dict.")
    body = {key.removeprefix("body."): value for key, value in state.items()}
    _load_matching(network, body, path)


def _load_matching(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Load all but the classifier, which the tagger's head replaces."""
    own = network.state_dict()
    head = _find_head(network)
    fitting = {
        key: value for key, value in state.items() if key in own and own[key].shape == value.shape
    }
    missing = [key for key in own if key not in fitting and not key.startswith(head)]
    if missing:
        raise WeightsUnavailable(
            f"WEIGHTS={path} is of another network: it lacks {len(missing)} of "
            f"{len(own)} entries, such as {missing[0]!r}."
        )
    network.load_state_dict(fitting, strict=False)


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
            f"{url} elsewhere and give the file, WEIGHTS=path/to/file.pth, or train from random "
            "weights with WEIGHTS=none, or use the weights of an earlier run, "
            "WEIGHTS=runs/…/bundle/weights.pth."
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


def _embedding_width(network: nn.Module, name: str, size_px: int) -> int:
    network.eval()
    try:
        with torch.no_grad():
            embedding = network(torch.zeros(1, 3, size_px, size_px))
    except (RuntimeError, AssertionError) as error:
        raise SettingsInvalid(
            f"{name} does not take photos of {size_px} px ({error}); choose another SIZE."
        ) from error
    return int(embedding.shape[1])
