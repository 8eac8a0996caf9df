"""What a network is to be made of, checked before torch is imported: that takes seconds."""

import re
from importlib.util import find_spec
from pathlib import Path

from hangtag.errors import SettingsInvalid
from hangtag.near_names import either, near_names
from training.errors import WeightsUnavailable
from training.settings import PACKAGED, TrainingSettings

_USUAL = ("resnet18", "resnet50", "resnet152", "convnext_tiny", "tf_efficientnet_lite0")
# How both libraries mark what builds a network.
_BUILDER = re.compile(r"^@register_model(?:\(\))?\n(?:@.*\n)*def (\w+)", re.MULTILINE)


def require_network(settings: TrainingSettings) -> None:
    """Check that there are such a backbone and such a file of weights.

    Raises
    ------
    SettingsInvalid : if no library has the backbone, with the names that are near.
    WeightsUnavailable : if there is no such file.
    """
    torchvision, timm = names_in_source("torchvision"), names_in_source("timm")
    network = settings.network
    # Of libraries that come without their source, only they know.
    if torchvision and network.backbone not in {*torchvision, *timm}:
        raise unknown_backbone(network.backbone, torchvision, timm)
    require_weights(network.weights)


def unknown_backbone(name: str, torchvision: list[str], timm: list[str]) -> SettingsInvalid:
    """Return the error that says which names may have been meant, or else some that there are."""
    known = list(dict.fromkeys([*torchvision, *timm]))
    near = near_names(name, known)
    usual = ", ".join(each for each in _USUAL if each in known)
    hint = (
        f"did you mean {either(near)}?" if near else f"there are {len(known):,}, such as {usual}."
    )
    more = "" if timm else " More come with timm: .venv/bin/pip install timm"
    return SettingsInvalid(
        f"There is no torchvision classification network {name!r}, nor one of timm; {hint}{more}"
    )


def require_weights(weights: str) -> None:
    """Check that weights have a name that is known, or are a file.

    Raises
    ------
    WeightsUnavailable : if they are neither.
    """
    if weights not in ("imagenet", "none", PACKAGED) and not Path(weights).exists():
        raise WeightsUnavailable(
            f"weights={weights} does not exist; give imagenet, packaged, none, or a state dict "
            "file (.pth, .safetensors)."
        )


def names_in_source(library: str) -> list[str]:
    """Return the names of a library's networks, out of its source; none if it is not there."""
    found = find_spec(library)
    if found is None or found.origin is None:
        return []
    texts = (path.read_text("utf-8") for path in Path(found.origin).parent.glob("models/*.py"))
    return sorted(name for text in texts for name in _BUILDER.findall(text))
