"""Weights of an earlier run, or a state dict from elsewhere."""

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from training.errors import WeightsUnavailable
from training.model.availability import require_weights
from training.model.divergence import all_numbers

# Where a module keeps its network.
_IN_CHECKPOINT = "network."
# What torch.load raises on files of other kinds: each was met.
_UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    pickle.UnpicklingError,
    KeyError,
    IndexError,
    UnicodeDecodeError,
    SafetensorError,
)


def load_weights(network: nn.Module, path: Path, head: str | None) -> None:
    """Load a state dict of that kind of network, or the body out of a run's weights or checkpoint.

    `head`, the name of the classifier, may differ: the tagger's own replaces it.

    Raises
    ------
    WeightsUnavailable : if the file is missing, is no state dict, is of another network, or holds
        what is no number.
    """
    require_weights(str(path))
    try:
        state = _read(path)
    except _UNREADABLE as error:
        raise WeightsUnavailable(f"weights={path} is no state dict that torch reads.") from error
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise WeightsUnavailable(f"weights={path} holds no state dict.")
    within = state.get("state_dict")
    body = {
        str(key).removeprefix(_IN_CHECKPOINT).removeprefix("body."): value
        for key, value in (within if isinstance(within, dict) else state).items()
    }
    _load_matching(network, body, path, head)


def _read(path: Path) -> object:
    if path.suffix == ".safetensors":
        return load_file(path)
    state: object = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _load_matching(
    network: nn.Module, state: dict[str, Tensor], path: Path, head: str | None
) -> None:
    own = network.state_dict()
    fitting = {
        key: value
        for key, value in state.items()
        if key in own and isinstance(value, Tensor) and own[key].shape == value.shape
    }
    needed = [key for key in own if head is None or not key.startswith(head)]
    missing = [key for key in needed if key not in fitting]
    if missing:
        raise WeightsUnavailable(
            f"weights={path} is of another network: it lacks {len(missing)} of "
            f"{len(own)} entries, such as {missing[0]!r}."
        )
    if not all_numbers(fitting.values()):
        raise WeightsUnavailable(
            f"weights={path} holds weights that are no numbers (NaN or infinite), as a training "
            "leaves them whose loss ran away; give others."
        )
    network.load_state_dict(fitting, strict=False)
