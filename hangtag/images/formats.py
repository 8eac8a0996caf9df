"""Which photo files are opened: by their content, whatever they are called."""

import io
import struct
import warnings
import zlib

from PIL import Image, ImageFile, ImagePalette, JpegImagePlugin

from hangtag.errors import (
    FormatUnsupported,
    ImageTooManyPixels,
    ImageUndecodable,
    RequestError,
)
from hangtag.images.heif import can_read_heic, open_heic
from hangtag.images.jpeg_structure import START_OF_IMAGE
from hangtag.images.mangled import mangling_of
from hangtag.images.png_chunks import without_profile
from hangtag.images.structure import PhotoStructure
from hangtag.recognition.foreign_files import format_of, is_heic
from hangtag.recognition.lookalikes import is_photo, without_leading

# As Pillow has them; HEIC comes with an extra (heif.py).
SUPPORTED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_SUPPORTED_NAMES = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
_SUPPORTED_NAMES_WITH_HEIC = "JPEG, HEIC, PNG, WebP, GIF, BMP, TIFF or AVIF"

_COLOUR_MAP = 320
_PNG_GREY = 0

# What Pillow raises on broken bytes, besides OSError: each was met with a mutated photo.
# RuntimeError includes NotImplementedError and RecursionError.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def open_photo(structure: PhotoStructure, max_pixels: int) -> ImageFile.ImageFile:
    """Read a photo's header; its pixels are decoded when they are asked for.

    A PNG whose colour profile Pillow chokes on is opened without it: `info["icc_profile"]` is
    then None.

    Raises
    ------
    ImageTooManyPixels, FormatUnsupported, ImageUndecodable
    """
    try:
        try:
            return _open(structure, structure.data)
        except DECODE_ERRORS:
            no_profile = without_profile(structure.data)
            if no_profile is None:
                raise
            image = _open(structure, no_profile)
            image.info["icc_profile"] = None
            return image
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(
            f"The photo has more than the {max_pixels:,} pixels that are decoded; send it smaller."
        ) from error
    except DECODE_ERRORS as error:
        raise _refusal(structure) from error


def _open(structure: PhotoStructure, data: bytes) -> ImageFile.ImageFile:
    if data.startswith(START_OF_IMAGE):
        # Not Image.open, which also reads the list of the pictures behind it, and may fail at it.
        return _mend_inks(JpegImagePlugin.JpegImageFile(io.BytesIO(data)))
    if is_heic(data):
        return open_heic(data)
    with warnings.catch_warnings():
        # Which photos have too many pixels is for the limits to say.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(data), formats=SUPPORTED_FORMATS)
    # Pillow would turn a TIFF by what XMP says, which may be left over from before it was turned.
    image.info.pop("xmp", None)
    if structure.tiff:
        image.info["white_level"] = structure.tiff.white_level
        image.info["is_unsigned"] = structure.tiff.is_unsigned_32_bit
        _mend_palette(image)
    if image.format == "PNG":
        _mend_transparency(image, *data[24:26])
    return image


def _mend_palette(image: ImageFile.ImageFile) -> None:
    """Read levels of 8 bits where 16 belong, as libtiff does: Pillow would make them black."""
    levels = getattr(image, "tag_v2", {}).get(_COLOUR_MAP, ())
    if image.mode in ("P", "PA") and levels and max(levels) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(levels))


def _mend_transparency(image: ImageFile.ImageFile, bits: int, colour: int) -> None:
    """Bring the level that is transparent to the 8 bits to which Pillow brings the others."""
    transparent = image.info.get("transparency")
    if colour == _PNG_GREY and bits in (2, 4) and isinstance(transparent, int):
        image.info["transparency"] = transparent * 255 // ((1 << bits) - 1)
    if bits == 16 and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(level >> 8 for level in transparent)


def _mend_inks(image: ImageFile.ImageFile) -> ImageFile.ImageFile:
    """Take CMYK as it is: only programs that write Adobe's marker store it the other way round."""
    if image.mode == "CMYK" and image.tile and "adobe_transform" not in image.info:
        image.tile = [image.tile[0]._replace(args=("CMYK", ""))]
    return image


def _refusal(structure: PhotoStructure) -> RequestError:
    data = structure.data
    names = _SUPPORTED_NAMES_WITH_HEIC if can_read_heic() else _SUPPORTED_NAMES
    is_readable_heic = is_heic(data) and can_read_heic()
    if (name := format_of(data)) and not is_readable_heic:
        return FormatUnsupported(f"This is {name}; send {names}.")
    if structure.tiff:
        return ImageUndecodable(
            f"The TIFF photo ({structure.tiff.name}) is broken or cut short; send it again."
        )
    if is_readable_heic or (is_photo(data) and without_leading(data[:3]) == data[:3]):
        return ImageUndecodable("The photo is broken or cut short; send it again.")
    if mangling := mangling_of(data):
        return ImageUndecodable(f"In place of a photo this is {mangling}.")
    return ImageUndecodable(f"The bytes are not a readable photo; send {names}.")
