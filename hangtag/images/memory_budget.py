"""How much memory photos may take that are decoded at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hangtag.images.decode import PhotoFile

# At the peak, for each pixel, of the dearest kind of each format
# (tests/unit/hangtag/images/test_memory.py measures it).
_BYTES_PER_PIXEL = {"GIF": 6, "BMP": 6, "PNG": 9, "TIFF": 10, "AVIF": 14, "HEIF": 14, "WEBP": 18}
# libjpeg keeps every coefficient until the last scan is read.
_STREAMED_JPEG, _OTHER_JPEG = 2, 9


def bytes_to_decode(photo: PhotoFile) -> int:
    """Return what decoding a photo takes at the peak."""
    if photo.format == "JPEG":
        return photo.pixels * (_STREAMED_JPEG if photo.is_streamed else _OTHER_JPEG)
    return photo.pixels * _BYTES_PER_PIXEL[photo.format]


class MemoryBudget:
    """Lets threads wait until there is room for what they are about to take."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._free_bytes = max_bytes
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, wanted_bytes: int) -> Iterator[None]:
        """Wait for room; what wants more than there is at all has it alone."""
        taken_bytes = min(wanted_bytes, self._max_bytes)
        with self._changed:
            self._changed.wait_for(lambda: self._free_bytes >= taken_bytes)
            self._free_bytes -= taken_bytes
        try:
            yield
        finally:
            with self._changed:
                self._free_bytes += taken_bytes
                self._changed.notify_all()
