"""Photos whose end is missing, as interrupted downloads and full disks leave them.

One of which nearly all is there is read as far as it goes. How much that is the decoders do not
say; each format has its own way to measure it.
"""

from hangtag.images.cut_jpegs import mend_jpeg
from hangtag.images.cut_pngs import mend_png
from hangtag.images.jpeg_structure import START_OF_IMAGE
from hangtag.images.png_chunks import SIGNATURE


def mend(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a JPEG or PNG file that is whole, of the rows that are there; others as they are.

    Parameters
    ----------
    data : the file that lacks its end
    size : the width and height that its header tells

    Raises
    ------
    ImageUndecodable : if more than MAX_MISSING_SHARE is missing.
    """
    if data.startswith(SIGNATURE):
        return mend_png(data, size)
    return mend_jpeg(data, size) if data.startswith(START_OF_IMAGE) else data
