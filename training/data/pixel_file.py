"""The file of decoded pixels, and the work of one process on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hangtag.errors import RequestError
from hangtag.images.decode import ImageLimits, Preprocessing, decode_image
from training.data.dataset import Crop, ProductPhoto
from training.data.fingerprints import Fingerprint, fingerprint

# Larger than any photo: decoders then reduce nothing, and a crop's pixels are the photo's own.
_FULL_SCALE_PX = 1 << 20


@dataclass(frozen=True)
class PixelFile:
    """A .npy file of uint8, shape (N, 3, size_px, size_px), that processes write side by side."""

    path: Path
    size_px: int
    offset_bytes: int

    @classmethod
    def create(cls, path: Path, row_count: int, size_px: int) -> PixelFile:
        """Create the file with room for `row_count` photos."""
        shape = (row_count, 3, size_px, size_px)
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        return cls(path, size_px, array.offset)

    def write_rows(self, first_row: int, pixels: npt.NDArray[np.uint8]) -> None:
        """Write consecutive rows.

        Not through the memory map: on a full disk that kills the process by a signal, whereas
        this raises OSError.
        """
        with self.path.open("r+b") as file:
            file.seek(self.offset_bytes + first_row * self._row_bytes)
            file.write(pixels.tobytes())

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Close the gaps between these ascending rows and cut the rest off."""
        pixels = np.lib.format.open_memmap(self.path, mode="r+")
        if len(rows) == len(pixels):
            return
        for target, source in enumerate(rows):
            pixels[target] = pixels[source]
        pixels.flush()
        header = np.lib.format.header_data_from_array_1_0(pixels[: len(rows)])
        with self.path.open("r+b") as file:
            # numpy pads headers so that the first dimension can change in place.
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(self.offset_bytes + len(rows) * self._row_bytes)

    @property
    def _row_bytes(self) -> int:
        return 3 * self.size_px**2


@dataclass(frozen=True)
class Chunk:
    """Consecutive photos of a dataset."""

    first_row: int
    photos: tuple[ProductPhoto, ...]


def decode_chunk(
    chunk: Chunk, file: PixelFile, preprocessing: Preprocessing, limits: ImageLimits
) -> list[Fingerprint | str]:
    """Write the pixels of a chunk; return each photo's fingerprint, or why it is broken."""
    size_px = preprocessing.size_px
    pixels = np.zeros((len(chunk.photos), 3, size_px, size_px), np.uint8)
    outcomes: list[Fingerprint | str] = []
    for row, photo in enumerate(chunk.photos):
        rgb = _decode(photo, limits, size_px)
        if isinstance(rgb, str):
            outcomes.append(rgb)
        else:
            pixels[row] = preprocessing.to_model_input(rgb)
            outcomes.append(fingerprint(rgb))
    file.write_rows(chunk.first_row, pixels)
    return outcomes


def _decode(photo: ProductPhoto, limits: ImageLimits, size_px: int) -> Image.Image | str:
    try:
        data = photo.path.read_bytes()
        if photo.crop is not None:
            whole = decode_image(data, limits, _FULL_SCALE_PX).rgb
            if lies_within(photo.crop, whole.size):
                return whole.crop(photo.crop)
        return decode_image(data, limits, size_px).rgb
    except RequestError as error:
        return str(error)
    except OSError as error:
        return f"The file cannot be read: {error.strerror}."


def lies_within(crop: Crop, size: tuple[int, int]) -> bool:
    """Whether a crop is a part of a photo of that width and height, and not an empty one."""
    left, upper, right, lower = crop
    return 0 <= left < right <= size[0] and 0 <= upper < lower <= size[1]
