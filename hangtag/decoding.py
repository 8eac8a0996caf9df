"""The photos of a batch, decoded in threads while the network runs on those that are ready."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hangtag.errors import ImageTooManyPixels, RequestError
from hangtag.hardware import threads_of_worker
from hangtag.images import ImageFacts, Preprocessing, decode_image
from hangtag.intake import Product
from hangtag.settings import TaggerSettings


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

    def start(self, product: Product) -> Decoding:
        """Begin with a product's photos."""
        photos = [
            self._threads.submit(self._decode, photo, index)
            for index, photo in enumerate(product.images)
        ]
        return Decoding(product, photos)

    def finish(self, decoding: Decoding) -> DecodedProduct:
        """Wait for a product's photos.

        Raises
        ------
        RequestError : what is wrong with the first photo that cannot be read.
        """
        try:
            photos = []
            for photo in decoding.photos:
                photos.append(photo.result())
                self._check_product_pixels([each.facts for each in photos])
        finally:
            for photo in decoding.photos:
                photo.cancel()
        return DecodedProduct(decoding.product, photos)

    def _decode(self, photo: bytes, index: int) -> DecodedPhoto:
        started = time.perf_counter()
        try:
            image = decode_image(photo, self._settings.image_limits, self._preprocessing.size_px)
            pixels = self._preprocessing.to_model_input(image.rgb)
        except RequestError as error:
            error.path = error.path or f"$.images[{index}]"
            raise
        return DecodedPhoto(image.facts, pixels, time.perf_counter() - started)

    def _check_product_pixels(self, images: Sequence[ImageFacts]) -> None:
        limit = self._settings.max_product_pixels
        if sum(image.width_px * image.height_px for image in images) > limit:
            raise ImageTooManyPixels(
                f"The photos together have more than the {limit:,} pixels that are decoded for one "
                "product; send them smaller."
            )
