"""Photos to send: real ones where HANGTAG_FASHION_PRODUCTS names them, else drawn ones."""

import io
import os
import random
from pathlib import Path

from PIL import Image, ImageDraw

_SIDE_PX = 224
_COSTLY_SIDE_PX = 1200


def real_photos() -> Path | None:
    """Return the folder of real product photos, if HANGTAG_FASHION_PRODUCTS names their data."""
    named = os.environ.get("HANGTAG_FASHION_PRODUCTS")
    folder = Path(named, "images") if named else None
    return folder if folder and folder.is_dir() else None


def ordinary_photos(count: int) -> list[bytes]:
    """Return different product photos of about 224 px, as JPEG."""
    folder = real_photos()
    real = sorted(folder.glob("*.jpg")) if folder else []
    if len(real) >= count:
        return [path.read_bytes() for path in real[:: len(real) // count][:count]]
    return [drawn_photo(number) for number in range(count)]


def drawn_photo(number: int) -> bytes:
    """Return the JPEG of a few random shapes on white; the same one for the same number."""
    chance = random.Random(number)  # noqa: S311 - no secret is made here
    image = Image.new("RGB", (_SIDE_PX, _SIDE_PX), (255, 255, 255))
    canvas = ImageDraw.Draw(image)
    for _ in range(6):
        corners = (
            sorted(chance.sample(range(_SIDE_PX), 2)),
            sorted(chance.sample(range(_SIDE_PX), 2)),
        )
        box = (corners[0][0], corners[1][0], corners[0][1], corners[1][1])
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        (canvas.ellipse if chance.random() < 0.5 else canvas.rectangle)(box, fill=colour)
    return encoded(image, "JPEG")


def costly_photo(colour: tuple[int, int, int]) -> bytes:
    """Return a photo of some kilobytes that takes a core some 20 ms to decode."""
    return encoded(Image.new("RGB", (_COSTLY_SIDE_PX, _COSTLY_SIDE_PX), colour), "PNG")


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    """Return an image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()
