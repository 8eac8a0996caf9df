"""Where a run can be gone on with."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch

CHECKPOINTS = "checkpoints"


def newest_checkpoint(run_folder: Path) -> Path | None:
    """Return the newest checkpoint of a run that can be read: a kill may have cut one short."""
    checkpoints = (run_folder / CHECKPOINTS).glob("*.ckpt")
    for checkpoint in sorted(checkpoints, key=lambda path: path.stat().st_mtime, reverse=True):
        if is_whole(checkpoint):
            return checkpoint
    return None


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint can be read to its end."""
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        return False
    return True
