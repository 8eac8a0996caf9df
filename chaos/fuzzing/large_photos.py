"""Photos as large as they may be, in the formats whose decoders take most memory."""

import base64
import functools
from collections.abc import Callable

from PIL import Image

from loadtest.client.photos import drawn_photo, encoded

_SIDE_PX = 8_000
_SPACES = 53_000_000


def large_photos() -> dict[str, Callable[[], bytes]]:
    """Return what makes each photo of 64 MP, by name."""
    return {
        "webp-lossless": functools.partial(_photo, "RGB", "WEBP", lossless=True, method=0),
        "webp-alpha": functools.partial(_photo, "RGBA", "WEBP", lossless=True, method=0),
        "avif": functools.partial(_photo, "RGB", "AVIF", speed=10),
        "jpeg-cmyk": functools.partial(_photo, "CMYK", "JPEG"),
        "jpeg-progressive": functools.partial(_photo, "RGB", "JPEG", progressive=True),
        "png-alpha": functools.partial(_photo, "RGBA", "PNG", compress_level=1),
        "tiff-cmyk": functools.partial(_photo, "CMYK", "TIFF", compression="tiff_adobe_deflate"),
    }


@functools.cache
def spaced_document() -> bytes:
    """Return a JSON document whose photo in base64 is nearly all spaces."""
    photo = base64.b64encode(drawn_photo(0))
    half = len(photo) // 2
    text = photo[:half] + b" " * _SPACES + photo[half:]
    return b'{"images": [{"content": "' + text + b'"}]}'


@functools.cache
def _photo(mode: str, image_format: str, **options: object) -> bytes:
    """Return a photo with something to see in it: a gradient, so that no row is like another."""
    small = Image.radial_gradient("L").resize((_SIDE_PX // 8, _SIDE_PX // 8))
    gradient = small.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.NEAREST)
    bands = [gradient] * len(mode)
    return encoded(Image.merge(mode, bands), image_format, **options)
