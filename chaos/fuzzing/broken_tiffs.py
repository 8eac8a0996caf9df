"""TIFF photos of broken strips: libtiff writes a line to stderr about each."""

import random
from collections.abc import Iterator

from PIL import Image

from loadtest.client.photos import encoded

_SIDE_PX = 256
_COMPRESSIONS = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
_BROKEN_BYTES = 40
# Header and directory lie at the ends.
_WHOLE_BEGIN, _WHOLE_END = 200, 2_000


def broken_tiffs(each: int) -> Iterator[bytes]:
    """Yield so many of each compression, no two the same."""
    chance = random.Random(0)  # noqa: S311 - no secret is made here
    image = Image.effect_noise((_SIDE_PX, _SIDE_PX), 50).convert("RGB")
    for compression in _COMPRESSIONS:
        whole = encoded(image, "TIFF", compression=compression)
        for _ in range(each):
            yield _broken(whole, chance)


def _broken(photo: bytes, chance: random.Random) -> bytes:
    broken = bytearray(photo)
    for _ in range(_BROKEN_BYTES):
        broken[chance.randrange(_WHOLE_BEGIN, len(broken) - _WHOLE_END)] = chance.randrange(256)
    return bytes(broken)
