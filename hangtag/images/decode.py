"""Photo bytes -> RGB -> model input, the same function in training and in serving.

Normalisation (mean, standard deviation) is not here: it is part of model.onnx, whose input is
the uint8 array that `Preprocessing.to_model_input` returns. So it cannot differ between the two.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile
from pydantic import BaseModel, ConfigDict, Field

from hangtag.errors import ImageTooLarge, ImageTooManyPixels, ImageUndecodable
from hangtag.images.colour import to_srgb
from hangtag.images.cut_jpegs import is_secretly_cut
from hangtag.images.cut_photos import mend
from hangtag.images.formats import DECODE_ERRORS, SUPPORTED_FORMATS, open_photo
from hangtag.images.limits import ImageLimits
from hangtag.images.mangled import without_few_leading
from hangtag.images.orientation import SIDEWAYS, turn_of
from hangtag.images.structure import PhotoStructure, check_structure

__all__ = [
    "SUPPORTED_FORMATS",
    "DecodedImage",
    "ImageFacts",
    "ImageLimits",
    "PhotoFile",
    "Preprocessing",
    "decode_image",
    "read_photo",
]

_WHITE = 255
_WHOLE_FILE = 1 << 30
# What a JPEG decoder goes over in all scans, about a second's work with the bits of detail: 64
# megapixels as libjpeg writes them, 8 samples a pixel in YCbCr 4:2:0, 14 in 4:4:4, 24 in CMYK.
_MAX_JPEG_SAMPLES = 1_600_000_000


@dataclass(frozen=True)
class ImageFacts:
    """What an answer says of a photo: its size as a file, seen upright, and warnings."""

    width_px: int
    height_px: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecodedImage:
    """An upright RGB photo; large, so it should not be kept longer than needed."""

    rgb: Image.Image
    facts: ImageFacts


class Preprocessing(BaseModel):
    """How an RGB photo becomes the model's input: data that travels with the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_px: int = Field(224, ge=32, le=1024)
    # `pad` keeps the whole product and its proportions, on white as catalogue photos have it.
    fit: Literal["pad"] = "pad"
    interpolation: Literal["bicubic"] = "bicubic"

    def to_model_input(self, rgb: Image.Image) -> npt.NDArray[np.uint8]:
        """Return the photo as a uint8 array of shape (3, size_px, size_px)."""
        width, height = _fit(rgb.size, self.size_px)
        if rgb.size != (width, height):
            # reducing_gap shrinks large photos by whole factors first: same picture, less work.
            rgb = rgb.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
        pixels = np.full((3, self.size_px, self.size_px), _WHITE, np.uint8)
        left, top = (self.size_px - width) // 2, (self.size_px - height) // 2
        for channel, name in enumerate("RGB"):
            band = np.frombuffer(rgb.tobytes("raw", name), np.uint8).reshape(height, width)
            pixels[channel, top : top + height, left : left + width] = band
        return pixels


class _Loaded(NamedTuple):
    """The file that was decoded, its pixels in sRGB, and what is to be said of it."""

    image: Image.Image
    rgb: Image.Image
    is_profile_ignored: bool
    is_cut_short: bool


@dataclass(frozen=True)
class PhotoFile:
    """A photo whose header was read and lies within the limits; its pixels are not decoded yet."""

    _image: ImageFile.ImageFile
    _structure: PhotoStructure
    # The file as it came.
    data: bytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as they are stored."""
        return self._image.size

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.size[0] * self.size[1]

    @property
    def format(self) -> str:
        """The name of its format, one of `SUPPORTED_FORMATS`."""
        return str(self._image.format)

    @property
    def is_streamed(self) -> bool:
        """Whether decoding it takes little memory, however many pixels it has."""
        return self._structure.is_streamed

    def decode(self, smallest_side_px: int) -> DecodedImage:
        """Decode to upright sRGB on white, once.

        Parameters
        ----------
        smallest_side_px : the side that the model sees; JPEGs far larger are decoded at a reduced
            scale (DCT scaling), never below twice what the model sees, and smaller photos get a
            warning.

        Raises
        ------
        ImageUndecodable
        """
        width_px, height_px = self.size
        loaded = self._load(2 * smallest_side_px)
        image, rgb = loaded.image, loaded.rgb
        if self.format == "HEIF":
            # Whether it is turned is known only now.
            width_px, height_px = rgb.size
        turn = turn_of(image, self._structure.exifs)
        if turn is not None:
            rgb = rgb.transpose(turn)
        if turn in SIDEWAYS:
            width_px, height_px = height_px, width_px
        several_frames = self._structure.several_frames
        if several_frames is None:
            several_frames = getattr(self._image, "is_animated", False)
        warnings = {
            "several_frames_first_used": several_frames,
            "smaller_than_model_input": max(width_px, height_px) < smallest_side_px,
            "colour_profile_ignored": loaded.is_profile_ignored,
            "truncated": loaded.is_cut_short,
        }
        raised = tuple(name for name, is_raised in warnings.items() if is_raised)
        return DecodedImage(rgb, ImageFacts(width_px, height_px, raised))

    def _load(self, smallest_side_px: int) -> _Loaded:
        image, structure, size = self._image, self._structure, self.size
        rows, is_cut_short = size[1], structure.is_cut_short
        try:
            if not is_cut_short:
                _load(image, structure, smallest_side_px)
                is_cut_short = structure.scalable and _is_secretly_cut(image, structure.data)
            if is_cut_short:
                mended = replace(structure, data=mend(structure.data, size))
                image = open_photo(mended, size[0] * size[1])
                rows = image.size[1]
                _load(image, structure, smallest_side_px)
            rgb, is_profile_ignored = to_srgb(image, smallest_side_px)
        except DECODE_ERRORS as error:
            kind = f" ({structure.tiff.name})" if structure.tiff else ""
            reason = " ".join(str(error).split())
            raise ImageUndecodable(
                f"The {image.format} photo{kind} is broken or cut short ({reason}); send it again."
            ) from error
        return _Loaded(image, _extend(rgb, rows, size[1]), is_profile_ignored, is_cut_short)


def decode_image(data: bytes, limits: ImageLimits, smallest_side_px: int) -> DecodedImage:
    """Read and decode a photo of any supported format: `read_photo(…).decode(…)`.

    Raises
    ------
    ImageTooLarge, ImageTooManyPixels, FormatUnsupported, ImageUndecodable
    """
    return read_photo(data, limits).decode(smallest_side_px)


def read_photo(data: bytes, limits: ImageLimits) -> PhotoFile:
    """Read a photo's header.

    Parameters
    ----------
    data : the file's bytes
    limits : bytes and pixels that a photo may have

    Raises
    ------
    ImageTooLarge, ImageTooManyPixels, FormatUnsupported, ImageUndecodable
    """
    if len(data) > limits.max_image_bytes:
        raise ImageTooLarge(
            f"The photo has {len(data):,} bytes, more than the {limits.max_image_bytes:,} that "
            "are taken; send it smaller."
        )
    structure = check_structure(without_few_leading(data), limits.max_image_pixels)
    image = open_photo(structure, limits.max_image_pixels)
    _check_pixels(image.size, limits)
    _check_scans(image.size, structure)
    return PhotoFile(image, structure, data)


def _check_pixels(size: tuple[int, int], limits: ImageLimits) -> None:
    if size[0] * size[1] > limits.max_image_pixels:
        raise ImageTooManyPixels(
            f"The photo has {size[0]} x {size[1]} pixels, more than the "
            f"{limits.max_image_pixels:,} that are decoded; send it smaller."
        )


def _check_scans(size: tuple[int, int], structure: PhotoStructure) -> None:
    if structure.samples_per_pixel * size[0] * size[1] > _MAX_JPEG_SAMPLES:
        raise ImageTooManyPixels(
            f"The JPEG photo has {size[0]} x {size[1]} pixels in so many scans, or so rare a "
            "coding, that they would take long; save it as an ordinary JPEG, or send it smaller."
        )


def _fit(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    """Return the size at which the longest side is `side_px`."""
    scale = side_px / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def _load(image: ImageFile.ImageFile, structure: PhotoStructure, smallest_side_px: int) -> None:
    """Decode the first frame; of a JPEG, as few pixels as keep the longest side that long."""
    if structure.scalable:
        image.draft("RGB", _fit(image.size, smallest_side_px))
        # The interpreter's lock is let go once for the whole file, not once for each 64 KB.
        image.decodermaxblock = _WHOLE_FILE
    image.load()


def _is_secretly_cut(image: Image.Image, data: bytes) -> bool:
    last = image.getpixel((image.width - 1, image.height - 1))
    return is_secretly_cut(data, last, is_progressive="progressive" in image.info)


def _extend(rgb: Image.Image, rows: int, all_rows: int) -> Image.Image:
    """Put white, as around every photo, where the rows of one that is cut short are missing."""
    if rows == all_rows:
        return rgb
    whole = Image.new("RGB", (rgb.width, round(rgb.height * all_rows / rows)), (_WHITE,) * 3)
    whole.paste(rgb)
    return whole
