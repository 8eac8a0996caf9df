"""HEIC photos, which phones write: read by pi-heif where it is installed (the extra `heif`).

pi-heif sees a file only when its pixels are asked for: there are broken files at which it crashes.
So a server can decode them apart, and knows their size without it.
"""

import io
import logging
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from PIL import ImageFile

from hangtag.images.heif_structure import largest_size

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

logger = logging.getLogger(__name__)


class HeicImageFile(ImageFile.ImageFile):
    """A HEIC photo before it is loaded; then it may turn out to be turned, or to have alpha."""

    format = "HEIF"

    def _open(self) -> None:
        self._size = largest_size(_content(self))
        self._mode = "RGB"

    def load(self) -> "PixelAccess | None":
        """Become the photo that the file names as its own, and decode it."""
        import pi_heif  # where it is not installed there is nothing to load

        # What lies beside the photo is not looked at.
        pi_heif.options.THUMBNAILS = False
        pi_heif.options.DEPTH_IMAGES = False
        pi_heif.options.AUX_IMAGES = False
        image: ImageFile.ImageFile = pi_heif.HeifImageFile(io.BytesIO(_content(self)))
        if image.width * image.height > self.width * self.height:
            raise OSError("it is larger than it says")
        # As Pillow does with formats that others decode.
        self.__class__ = image.__class__  # type: ignore[assignment]
        self.__dict__ = image.__dict__
        return image.load()


def _content(image: ImageFile.ImageFile) -> bytes:
    if image.fp is None:
        raise OSError("it is closed")
    image.fp.seek(0)
    return image.fp.read()


@cache
def can_read_heic() -> bool:
    """Whether pi-heif is there."""
    return find_spec("pi_heif") is not None


def open_heic(data: bytes) -> ImageFile.ImageFile:
    """Read a HEIC photo's header.

    Raises
    ------
    OSError : where pi-heif is not there.
    ImageUndecodable : if it does not say how large it is.
    """
    if not can_read_heic():
        _tell_operator()
        raise OSError("pi-heif is not installed")
    return HeicImageFile(io.BytesIO(data))


@cache
def _tell_operator() -> None:
    """Say once what is missing; those who send photos are told which formats are read."""
    logger.warning("HEIC photos are refused: they are read where hangtag[heif] is installed")
