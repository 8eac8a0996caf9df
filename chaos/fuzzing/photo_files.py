"""Sound photos of every format and kind that the service reads, to be broken."""

import functools
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from loadtest.client.photos import encoded

_SIDE_PX = 40
_RGB = "RGB"


@functools.cache
def sound_photos() -> tuple[bytes, ...]:
    """Return one small file of each kind."""
    return tuple(_files())


def _files() -> Iterator[bytes]:
    yield from _jpegs()
    yield from _pngs()
    yield from _tiffs()
    yield from _animations()
    for image_format in ("BMP", "WEBP", "AVIF", "GIF"):
        yield encoded(_picture(), image_format)
    yield encoded(_picture("RGBA"), "WEBP", lossless=True)
    yield encoded(_picture("RGBA"), "AVIF", quality=50)
    for mode in ("1", "L", "P"):
        yield encoded(_picture(mode), "BMP")


def _jpegs() -> Iterator[bytes]:
    yield encoded(_picture(), "JPEG")
    yield encoded(_picture(), "JPEG", progressive=True, optimize=True)
    yield encoded(_picture(), "JPEG", subsampling=0, restart_marker_blocks=1)
    yield encoded(_picture("L"), "JPEG")
    yield encoded(_picture("CMYK"), "JPEG")
    yield encoded(_picture(), "JPEG", exif=_exif(), icc_profile=_icc_profile(), comment=b"x" * 99)
    yield encoded(_picture(), "MPO", save_all=True, append_images=[_picture()])


def _pngs() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", _RGB, "RGBA", "I;16"):
        yield encoded(_picture(mode), "PNG")
    yield encoded(_picture(), "PNG", exif=_exif(), icc_profile=_icc_profile())


def _tiffs() -> Iterator[bytes]:
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield encoded(_picture(), "TIFF", compression=compression)
    for mode in ("1", "L", "P", "CMYK", "LAB", "I;16", "F", "RGBA"):
        yield encoded(_picture(mode), "TIFF")
    yield encoded(_picture(), "TIFF", big_tiff=True)
    tags = ImageFileDirectory_v2()
    tags[0x0112] = 6
    yield encoded(_picture(), "TIFF", tiffinfo=tags)


def _animations() -> Iterator[bytes]:
    for image_format in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        frames = [_picture().rotate(degrees) for degrees in (30, 60)]
        yield encoded(_picture(), image_format, save_all=True, append_images=frames)


def _picture(mode: str = _RGB) -> Image.Image:
    columns, rows = np.meshgrid(np.arange(_SIDE_PX), np.arange(_SIDE_PX))
    channels = np.stack([columns * 6, rows * 6, (columns ^ rows) * 4], axis=-1)
    picture = Image.fromarray(channels.astype(np.uint8), _RGB)
    convert: dict[str, Callable[[], Image.Image]] = {
        "I;16": lambda: Image.fromarray((columns * rows * 40).astype(np.uint16)),
        "LA": lambda: picture.convert("RGBA").convert("LA"),
        "LAB": lambda: Image.frombytes("LAB", picture.size, picture.tobytes()),
    }
    return convert.get(mode, lambda: picture.convert(mode))()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker" * 20
    exif.get_ifd(0x8769)[0x9286] = b"comment" * 20
    return exif


def _icc_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
