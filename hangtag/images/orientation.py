"""Which way is up: EXIF says it, wherever a format keeps it, and nothing else does."""

from PIL import Image

from hangtag.images.formats import DECODE_ERRORS
from hangtag.images.png_chunks import MAX_EXIF_BYTES

_EXIF_ORIENTATION = 0x0112
_ORIENTATIONS = range(1, 9)

# EXIF orientation -> what turns the photo upright (JEITA CP-3451, tag 0x0112).
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = tuple(_TURNS[orientation] for orientation in (5, 6, 7, 8))


def turn_of(image: Image.Image, exif_of_texts: tuple[bytes, ...]) -> Image.Transpose | None:
    """Return what turns a loaded photo upright, by EXIF alone; decoders turn TIFF and HEIC."""
    if image.format in ("TIFF", "HEIF"):
        return None
    # The first that names an orientation holds.
    orientations = (_orientation(exif) for exif in (image.info.get("exif"), *exif_of_texts))
    return _TURNS.get(next((each for each in orientations if each in _ORIENTATIONS), None))


def _orientation(exif: bytes | None) -> object:
    """Return the number that EXIF names, or None."""
    if not exif or len(exif) > MAX_EXIF_BYTES:
        return None
    tags = Image.Exif()
    try:
        tags.load(exif)
        return tags.get(_EXIF_ORIENTATION)
    except DECODE_ERRORS:
        # Broken metadata does not make a photo unreadable; it is seen as it lies.
        return None
