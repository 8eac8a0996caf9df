"""The photos of a batch, decoded in threads while the network runs on those that are ready."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from hangtag.errors import ImageTooManyPixels, RequestError
from hangtag.hardware import threads_of_worker
from hangtag.images.decode import ImageFacts, PhotoFile, Preprocessing, read_photo
from hangtag.images.decoder_child import ModelInput, model_input
from hangtag.images.decoder_process import DecoderProcess
from hangtag.images.limits import ImageLimits
from hangtag.images.machine_turn import machine_turn
from hangtag.images.memory_budget import MemoryBudget, bytes_to_decode
from hangtag.requests.parsing import require_few
from hangtag.requests.product import Product
from hangtag.settings import TaggerSettings

# What all photos may take that a worker decodes at the same time. One that takes more by itself is
# decoded in a process that can be ended, one at a time on a machine: WebP from 11 megapixels on,
# AVIF from 14, PNG and JPEG of many scans from 22; other JPEGs never take as much.
_MAX_DECODING_BYTES = 200_000_000
# libtiff prints what it thinks of a file; libheif is no part of Pillow, and not tried as hard.
_KEPT_APART = ("TIFF", "HEIF")


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo as the network takes it, uint8 (3, S, S), and what it took."""

    facts: ImageFacts
    pixels: npt.NDArray[np.uint8]
    seconds: float


@dataclass(frozen=True)
class DecodedProduct:
    """A product whose photos are all readable."""

    product: Product
    photos: list[DecodedPhoto]


@dataclass(frozen=True)
class Decoding:
    """A product whose photos are being decoded."""

    product: Product
    photos: list[Future[DecodedPhoto]]


class PhotoDecoder:
    """Decodes in `decode_threads` threads: Pillow lets go of Python's lock while it decodes."""

    def __init__(self, preprocessing: Preprocessing, settings: TaggerSettings) -> None:
        self._preprocessing = preprocessing
        self._settings = settings
        threads = threads_of_worker(settings.decode_threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._process = DecoderProcess()
        self._memory = MemoryBudget(_MAX_DECODING_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._process.close()

    def start(self, product: Product) -> Decoding:
        """Read the headers of a product's photos, and begin to decode them.

        Raises
        ------
        RequestError : what a header says is wrong, before memory is spent on any photo.
        """
        require_few(len(product.images), self._settings)
        photos = [self._read(data, index) for index, data in enumerate(product.images)]
        self._check_product_pixels(photos)
        return Decoding(
            product,
            [self._threads.submit(self._decode, photo, i) for i, photo in enumerate(photos)],
        )

    def finish(self, decoding: Decoding) -> DecodedProduct:
        """Wait for a product's photos.

        Raises
        ------
        RequestError : what is wrong with the first photo that cannot be decoded.
        """
        try:
            photos = [photo.result() for photo in decoding.photos]
        finally:
            for photo in decoding.photos:
                photo.cancel()
        return DecodedProduct(decoding.product, photos)

    def _read(self, data: bytes, index: int) -> PhotoFile:
        with _naming_photo(index):
            return read_photo(data, self._settings)

    def _decode(self, photo: PhotoFile, index: int) -> DecodedPhoto:
        with _naming_photo(index), self._room_for(photo):
            started = time.perf_counter()
            if _is_large(photo) or photo.format in _KEPT_APART:
                decoded = self._decode_apart(photo)
            else:
                decoded = model_input(photo, self._preprocessing)
        return DecodedPhoto(decoded.facts, decoded.pixels, time.perf_counter() - started)

    def _room_for(self, photo: PhotoFile) -> AbstractContextManager[None]:
        if _is_large(photo):
            return machine_turn()
        return self._memory.reserve(bytes_to_decode(photo))

    def _decode_apart(self, photo: PhotoFile) -> ModelInput:
        limits = ImageLimits(
            max_image_bytes=self._settings.max_image_bytes,
            max_image_pixels=self._settings.max_image_pixels,
        )
        return self._process.decode(photo.data, limits, self._preprocessing)

    def _check_product_pixels(self, photos: Sequence[PhotoFile]) -> None:
        limit = self._settings.max_product_pixels
        if sum(photo.pixels for photo in photos) > limit:
            raise ImageTooManyPixels(
                f"The photos together have more than the {limit:,} pixels that are decoded for one "
                "product; send them smaller."
            )


def _is_large(photo: PhotoFile) -> bool:
    return bytes_to_decode(photo) > _MAX_DECODING_BYTES


@contextmanager
def _naming_photo(index: int) -> Iterator[None]:
    try:
        yield
    except RequestError as error:
        error.path = error.path or f"$.images[{index}]"
        raise
