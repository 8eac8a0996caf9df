"""Photos to be cut short, and what they decode to."""

import io

import numpy as np
from PIL import Image

from hangtag.images.decode import DecodedImage, ImageLimits, decode_image

SIZE = (320, 480)
TRUNCATED = ("truncated",)


def picture(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Something everywhere, so that each row takes about as many bytes."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    noise = np.random.default_rng(0).integers(0, 40, (size[1], size[0], 3))
    ramp = np.stack([x % 200, (x + y) % 200, 200 - y % 200], axis=-1)
    return Image.fromarray((ramp + noise).astype(np.uint8)).convert(mode)


def saved(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def decode(data: bytes) -> DecodedImage:
    return decode_image(data, ImageLimits(), 200)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).rgb, int)


def without_last(data: bytes, share: float) -> bytes:
    return data[: -round(share * len(data))]


def product_on_white(size: tuple[int, int] = (900, 700)) -> Image.Image:
    """Its lower half is white."""
    image = Image.new("RGB", size, (255, 255, 255))
    image.paste(picture(size=(size[0] // 3, size[1] // 3)), (size[0] // 3, size[1] // 8))
    return image


def camera_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera" * 200
    return exif.tobytes()


JPEGS: dict[str, bytes] = {
    "baseline": saved(picture(), "JPEG"),
    "not subsampled": saved(picture(), "JPEG", subsampling=0, quality=90),
    "restarts each row": saved(picture(), "JPEG", restart_marker_rows=1),
    "restarts each few blocks": saved(picture(), "JPEG", restart_marker_blocks=3),
    "grey": saved(picture("L"), "JPEG"),
    "cmyk": saved(picture("CMYK"), "JPEG"),
    "progressive": saved(picture(), "JPEG", progressive=True),
    "progressive grey": saved(picture("L"), "JPEG", progressive=True, quality=95),
    "progressive restarts": saved(picture(), "JPEG", progressive=True, restart_marker_rows=2),
}
PROGRESSIVE = [name for name in JPEGS if "progressive" in name]
SEQUENTIAL = [name for name in JPEGS if "progressive" not in name]
