"""A network's state dict as a file, in the format that the file's suffix names."""

import pickle
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hangtag.errors import BundleInvalid

# Where a module keeps its network.
_IN_CHECKPOINT = "network."


def read_state(path: Path) -> dict[str, Tensor]:
    """Return the network's state dict out of a .safetensors, .pth or .ckpt file.

    Raises
    ------
    BundleInvalid : if the file cannot be read or holds none.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        document: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return _out_of_checkpoint(document) if path.suffix == ".ckpt" else document
    except (OSError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError,
            SafetensorError) as error:  # fmt: skip
        raise BundleInvalid(f"{path} is no whole {path.suffix} file; write it anew.") from error


def write_state(state: Mapping[str, Tensor], path: Path) -> None:
    """Write a network's state dict to a .safetensors, .pth or .ckpt file.

    Of a run's checkpoints, which hold the optimiser too, a .ckpt has what
    `TaggerModule.load_from_checkpoint` needs.
    """
    if path.suffix == ".safetensors":
        save_file({name: value.contiguous() for name, value in state.items()}, path)
        return
    document = _as_checkpoint(state) if path.suffix == ".ckpt" else state
    # Through a file of Python's: torch's own hides that the disk is full.
    with path.open("wb") as file:
        torch.save(document, file)


def _out_of_checkpoint(document: Mapping[str, Any]) -> dict[str, Tensor]:
    state: Mapping[str, Tensor] = document["state_dict"]
    return {
        name.removeprefix(_IN_CHECKPOINT): value
        for name, value in state.items()
        if name.startswith(_IN_CHECKPOINT)
    }


def _as_checkpoint(state: Mapping[str, Tensor]) -> dict[str, Any]:
    return {
        "state_dict": {_IN_CHECKPOINT + name: value for name, value in state.items()},
        "pytorch-lightning_version": version("pytorch-lightning"),
        "epoch": 0,
        "global_step": 0,
    }
