"""Decoded photos and their targets."""

import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hangtag.arrays import FloatArray

Batch = tuple[Tensor, Tensor]


class PhotoDataset(Dataset[Batch]):
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

    def __getitem__(self, position: int) -> Batch:
        pixels, targets = self.__getitems__([position])
        return pixels[0], targets[0]

    def __getitems__(self, positions: Sequence[int]) -> Batch:
        """Return a whole batch, (B, 3, S, S) and (B, L): each photo is copied once."""
        rows = self._indices[list(positions)]
        # An index of many rows copies, as torch needs: it cannot wrap a read-only memory map.
        return torch.from_numpy(self._pixels[rows]), torch.from_numpy(self._targets[rows])

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs; it maps a file of pixels anew, rather than copy it."""
        pixels = self._pixels
        if isinstance(pixels, np.memmap) and isinstance(pixels.base, mmap.mmap):
            return {**self.__dict__, "_pixels": _PixelMap(pixels)}
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if isinstance(self._pixels, _PixelMap):
            self._pixels = self._pixels.open()


class _PixelMap:
    """Which part of a file a memory map shows."""

    def __init__(self, pixels: np.memmap[Any, Any]) -> None:
        self.path, self.offset_bytes = str(pixels.filename), pixels.offset
        self.shape = pixels.shape

    def open(self) -> npt.NDArray[np.uint8]:
        return np.memmap(self.path, np.uint8, "r", self.offset_bytes, self.shape)


def identity_collate(batch: Any) -> Any:
    """Return a batch that the dataset has put together already."""
    return batch
