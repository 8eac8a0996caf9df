"""The tagger: a loaded bundle that answers products."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hangtag.answers import answer_product, check_groups
from hangtag.bundle import Bundle, load_bundle
from hangtag.engine import Engine, EngineOutput
from hangtag.errors import HangtagError, ImageTooManyPixels, RequestError
from hangtag.images import ImageFacts, decode_image
from hangtag.intake import Product
from hangtag.isolation import isolate
from hangtag.schema import ModelIdentity, TagResponse
from hangtag.settings import TaggerSettings

Outcome = TagResponse | HangtagError


@dataclass
class BatchMeasurements:
    """What one call cost and saw, for the metrics."""

    decode_seconds: list[float] = field(default_factory=list)
    inference_seconds: float = 0.0
    decision_seconds: float = 0.0
    # One entry a photo: "ok", or the code of its error.
    photo_outcomes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _DecodedProduct:
    product: Product
    images: list[ImageFacts]
    pixels: list[npt.NDArray[np.uint8]]


class Tagger:
    """Answers products; one object per worker, not to be shared between threads."""

    def __init__(
        self, bundle: Bundle, engine: Engine, settings: TaggerSettings, identity: ModelIdentity
    ) -> None:
        self.bundle = bundle
        self.engine = engine
        self.settings = settings
        self.identity = identity

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        settings: TaggerSettings | None = None,
        gpu_id: int | None = None,
        name: str = "tagger",
        version: str = "1.0",
    ) -> Tagger:
        """Load a bundle folder.

        Raises
        ------
        BundleInvalid : if the folder is no whole bundle.
        """
        settings = settings or TaggerSettings()
        bundle = load_bundle(folder)
        engine = Engine(
            bundle.model_path, gpu_id=gpu_id, inference_threads=settings.inference_threads
        )
        identity = ModelIdentity(
            name=name,
            version=version,
            bundle=bundle.digest,
            label_space=bundle.label_space.version,
        )
        return cls(bundle, engine, settings, identity)

    def tag(self, products: Sequence[Product]) -> list[Outcome]:
        """Answer each product, in order: its tags, or the error that is wrong with it alone."""
        return self.tag_measured(products)[0]

    def tag_measured(self, products: Sequence[Product]) -> tuple[list[Outcome], BatchMeasurements]:
        """Like `tag`, with what it cost."""
        measured = BatchMeasurements()
        decoded = [isolate(partial(self._decode, product, measured)) for product in products]
        good = [each for each in decoded if isinstance(each, _DecodedProduct)]
        output = self._infer([pixels for each in good for pixels in each.pixels], measured)
        started = time.perf_counter()
        answers = iter(self._answer(good, output))
        outcomes = [each if isinstance(each, HangtagError) else next(answers) for each in decoded]
        measured.decision_seconds = time.perf_counter() - started
        return outcomes, measured

    def _decode(self, product: Product, measured: BatchMeasurements) -> _DecodedProduct:
        check_groups(product.options, self.bundle.label_space)
        decoded = _DecodedProduct(product, [], [])
        for index, photo in enumerate(product.images):
            facts, pixels = self._decode_photo(photo, index, measured)
            decoded.images.append(facts)
            decoded.pixels.append(pixels)
            self._check_product_pixels(decoded.images)
        return decoded

    def _check_product_pixels(self, images: Sequence[ImageFacts]) -> None:
        limit = self.settings.max_product_pixels
        if sum(image.width_px * image.height_px for image in images) > limit:
            raise ImageTooManyPixels(
                f"The photos together have more than the {limit:,} pixels that are decoded for one "
                "product; send them smaller."
            )

    def _decode_photo(
        self, photo: bytes, index: int, measured: BatchMeasurements
    ) -> tuple[ImageFacts, npt.NDArray[np.uint8]]:
        preprocessing = self.bundle.manifest.preprocessing
        started = time.perf_counter()
        try:
            image = decode_image(photo, self.settings.image_limits, preprocessing.size_px)
            pixels = preprocessing.to_model_input(image.rgb)
        except RequestError as error:
            measured.photo_outcomes.append(error.code)
            error.path = error.path or f"$.images[{index}]"
            raise
        measured.photo_outcomes.append("ok")
        measured.decode_seconds.append(time.perf_counter() - started)
        return image.facts, pixels

    def _infer(
        self, pixels: Sequence[npt.NDArray[np.uint8]], measured: BatchMeasurements
    ) -> EngineOutput | None:
        """Run all photos of all products, (P, 3, S, S), in steps of the largest batch."""
        if not pixels:
            return None
        started = time.perf_counter()
        step = self.settings.max_inference_batch
        outputs = [
            self.engine.run(np.stack(pixels[start : start + step]))
            for start in range(0, len(pixels), step)
        ]
        measured.inference_seconds = time.perf_counter() - started
        return EngineOutput(
            np.concatenate([output.logits for output in outputs]),
            np.concatenate([output.embeddings for output in outputs]),
        )

    def _answer(
        self, decoded: Sequence[_DecodedProduct], output: EngineOutput | None
    ) -> list[Outcome]:
        if output is None:
            return []
        outcomes: list[Outcome] = []
        start = 0
        for each in decoded:
            end = start + len(each.images)
            own = EngineOutput(output.logits[start:end], output.embeddings[start:end])
            outcomes.append(isolate(partial(self._answer_one, each, own)))
            start = end
        return outcomes

    def _answer_one(self, decoded: _DecodedProduct, output: EngineOutput) -> TagResponse:
        return answer_product(
            decoded.product,
            decoded.images,
            output,
            self.bundle,
            self.identity,
            self.settings.default_top_k,
        )
