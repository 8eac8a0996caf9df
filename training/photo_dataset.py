"""Decoded photos and their targets, one pair at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hangtag.decisions import FloatArray


class PhotoDataset(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of pixels uint8 (3, S, S) and targets float32 (L,), for the given rows."""

    def __init__(
        self,
        pixels: npt.NDArray[np.uint8],
        targets: FloatArray,
        indices: npt.NDArray[np.int64],
    ) -> None:
        self._pixels = pixels
        self._targets = targets
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: int) -> tuple[Tensor, Tensor]:
        row = self._indices[position]
        # Copied, since torch cannot wrap a read-only memory map.
        return torch.from_numpy(np.array(self._pixels[row])), torch.from_numpy(self._targets[row])
