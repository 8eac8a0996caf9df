"""What two photos of the same picture share, however they were encoded or scaled."""

from dataclasses import dataclass

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

COLOUR_GRID = 8
COLOUR_SIZE = 3 * COLOUR_GRID**2


@dataclass(frozen=True)
class Fingerprint:
    """`hash64` tells shapes apart, `colours` the mean colour of each cell of an 8 x 8 grid."""

    hash64: int
    colours: npt.NDArray[np.uint8]  # (192,)


def fingerprint(rgb: Image.Image) -> Fingerprint:
    """Return the perceptual hash and the colour signature of a photo."""
    thumbnail = rgb.resize((64, 64), Image.Resampling.BICUBIC, reducing_gap=2.0)
    bits = np.packbits(imagehash.phash(thumbnail).hash)
    grid = thumbnail.resize((COLOUR_GRID, COLOUR_GRID), Image.Resampling.BOX)
    return Fingerprint(int.from_bytes(bits.tobytes(), "big"), np.asarray(grid).reshape(-1))
