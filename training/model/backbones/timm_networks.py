"""Any network of timm (https://huggingface.co/docs/timm) as the body of a tagger."""

import importlib.util
from pathlib import Path

from torch import nn

from training.errors import WeightsUnavailable
from training.model.backbones.packaged_weights import load_packaged_weights
from training.model.backbones.weights_file import load_weights
from training.model.network import Normalisation
from training.settings import PACKAGED, PACKAGED_BACKBONE


def timm_names() -> list[str]:
    """Return the names of timm's networks; none if timm is not installed."""
    if importlib.util.find_spec("timm") is None:
        return []
    import timm

    names: list[str] = timm.list_models()
    return names


def timm_body(name: str, weights: str) -> tuple[nn.Module, Normalisation]:
    """Return a network without its classifier; see `build_backbone`."""
    import timm
    from timm.data import resolve_model_data_config  # type: ignore[attr-defined]

    try:
        network: nn.Module = timm.create_model(
            name, pretrained=weights == "imagenet", num_classes=0
        )
    except (OSError, RuntimeError) as error:
        raise WeightsUnavailable(
            f"The weights of {name} cannot be downloaded ({error}). Download them elsewhere and "
            "give the file, weights=path/to/file.pth, or train from random weights, weights=none, "
            f"or take those that come with the packages, backbone={PACKAGED_BACKBONE} "
            f"weights={PACKAGED}."
        ) from error
    if weights == PACKAGED:
        load_packaged_weights(network, name)
    elif weights not in ("imagenet", "none"):
        load_weights(network, Path(weights), head=None)
    told = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
    return network, Normalisation(mean=tuple(told["mean"]), std=tuple(told["std"]))
