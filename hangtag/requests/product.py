"""A product to tag."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import TypeAlias

from PIL.Image import Image

from hangtag.errors import ImageMissing
from hangtag.faults import printable, shown
from hangtag.label_space import LabelId
from hangtag.recognition.lookalikes import is_photo, name_of_text
from hangtag.schema import Options

# Paths may be long, but not as long as a photo that is taken for one.
_MAX_QUOTED = 400
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})
# The bytes of a photo's file, where the file lies, the open file, or a picture of Pillow's.
Photo: TypeAlias = bytes | bytearray | memoryview | str | Path | BufferedIOBase | Image


@dataclass(frozen=True, init=False)
class Product:
    """What is to be tagged: the photos' bytes and what the caller said about them."""

    images: tuple[bytes, ...]
    product_id: str | int | None
    title: str | None
    description: str | None
    claims: tuple[LabelId, ...]
    options: Options

    def __init__(
        self,
        images: Photo | Iterable[Photo],
        product_id: str | int | None = None,
        title: str | None = None,
        description: str | None = None,
        claims: tuple[LabelId, ...] = (),
        options: Options | None = None,
    ) -> None:
        """Take one photo or several: bytes of files, paths, open files, or pictures of Pillow's.

        Raises
        ------
        ImageMissing : if a file cannot be read.
        """
        values = {
            "images": _photos(images),
            "product_id": product_id,
            "title": title,
            "description": description,
            "claims": claims,
            "options": options or Options(),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _photos(images: Photo | Iterable[Photo]) -> tuple[bytes, ...]:
    if isinstance(images, bytes | bytearray | memoryview | str | Path | Image | BufferedIOBase):
        return (_photo(images),)
    if not isinstance(images, Iterable):
        raise _no_photo(images)
    return tuple(_photo(each) for each in images)


def _photo(photo: Photo) -> bytes:
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    if isinstance(photo, Image):
        return _as_png(photo)
    if isinstance(photo, BufferedIOBase):
        return bytes(photo.read())
    if not isinstance(photo, str | Path):
        raise _no_photo(photo)
    try:
        return Path(photo).read_bytes()
    except OSError as error:
        raise _unreadable(str(photo), error.strerror or "nothing says why") from error
    except ValueError as error:
        # A path holds no zeros.
        raise _unreadable(str(photo), "it is no path") from error


def _as_png(picture: Image) -> bytes:
    """Return a picture as a file that loses nothing of it."""
    buffer = BytesIO()
    # Modes that PNG has not, such as CMYK, are seen as they are shown.
    shown_as = picture if picture.mode in _PNG_MODES else picture.convert("RGB")
    shown_as.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _unreadable(path: str, reason: str) -> ImageMissing:
    kind = name_of_text(path)
    if is_photo(path[:16].encode("latin-1", "replace")):
        kind = "a photo's bytes as text"
    if kind is not None and kind not in ("the name of a file", "a web form"):
        return ImageMissing(f"The photo is given as {kind}; give the bytes of its file, or a path.")
    quoted = path if len(path) <= _MAX_QUOTED else shown(path)
    return ImageMissing(f"The photo {printable(quoted)} cannot be read: {reason}.")


def _no_photo(value: object) -> TypeError:
    return TypeError(
        "A photo is given as the bytes of its file, a path, an open file or a picture of Pillow's, "
        f"not as {type(value).__name__}."
    )
