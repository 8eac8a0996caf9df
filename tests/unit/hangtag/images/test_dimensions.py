import io
from typing import Any

import pytest
from PIL import Image

from hangtag.images.dimensions import pixels_of

SIZE = (123, 45)
KINDS: dict[str, dict[str, Any]] = {
    "JPEG": {},
    "progressive": {"format": "JPEG", "progressive": True},
    "with Exif": {"format": "JPEG", "exif": b"Exif\0\0" + bytes(5000)},
    "PNG": {},
    "interlaced": {"format": "PNG", "interlace": 1},
    "GIF": {},
    "BMP": {},
    "WEBP": {},
    "lossless": {"format": "WEBP", "lossless": True},
    "animated": {"format": "WEBP", "save_all": True, "append_images": [Image.new("RGB", SIZE)]},
    "AVIF": {},
}


@pytest.mark.parametrize("name", KINDS)
def test_the_size_is_that_of_the_picture(name: str) -> None:
    buffer = io.BytesIO()
    picture = Image.effect_noise(SIZE, 50).convert("P" if name == "GIF" else "RGB")
    picture.save(buffer, **{"format": name, **KINDS[name]})
    data = buffer.getvalue()
    assert pixels_of(data) == SIZE[0] * SIZE[1]
    # Nowhere is more read than there is.
    assert all(pixels_of(data[:end]) in (0, SIZE[0] * SIZE[1]) for end in range(0, 60))


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"II*\0", bytes(100), b"\xff\xd8\xff"])
def test_what_says_nothing_has_none(data: bytes) -> None:
    assert pixels_of(data) == 0
