"""The tagger: a loaded bundle that answers products."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from hangtag.bundle import Bundle, load_bundle
from hangtag.engine import Engine, EngineOutput, load_engine
from hangtag.engine.inference import Inference
from hangtag.errors import RequestError, RequestFailed
from hangtag.isolation import isolate
from hangtag.requests.decoding import DecodedProduct, Decoding, PhotoDecoder
from hangtag.requests.product import Product
from hangtag.responses import answer_product, with_known_groups
from hangtag.schema import ModelIdentity, TagResponse
from hangtag.settings import TaggerSettings

Outcome = TagResponse | RequestFailed


@dataclass
class BatchMeasurements:
    """What one call cost and saw, for the metrics."""

    decode_seconds: list[float] = field(default_factory=list)
    inference_seconds: float = 0.0
    decision_seconds: float = 0.0
    # One entry a photo: "ok", or the code of its error.
    photo_outcomes: list[str] = field(default_factory=list)

    def add_photos(self, product: DecodedProduct | RequestFailed) -> None:
        """Count the photos of a product, or the one that made it fail."""
        if isinstance(product, DecodedProduct):
            self.decode_seconds += [photo.seconds for photo in product.photos]
            self.photo_outcomes += ["ok"] * len(product.photos)
        elif isinstance(product, RequestError) and product.concerns_photo:
            self.photo_outcomes.append(product.code)


class Tagger:
    """Answers products; one object per worker, not to be shared between threads."""

    def __init__(
        self, bundle: Bundle, engine: Engine, settings: TaggerSettings, identity: ModelIdentity
    ) -> None:
        self.bundle = bundle
        self.engine = engine
        self.settings = settings
        self.identity = identity
        self._decoder = PhotoDecoder(bundle.manifest.preprocessing, settings)

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        settings: TaggerSettings | None = None,
        gpu_id: int | None = None,
        name: str = "tagger",
        version: str = "1.0",
    ) -> Tagger:
        """Load a bundle folder; limits of a photo that the settings do not give are the bundle's.

        Raises
        ------
        BundleInvalid : if the folder is no whole bundle.
        """
        bundle = load_bundle(Path(folder))
        settings = (settings or TaggerSettings()).within(bundle.manifest.limits)
        engine = load_engine(
            bundle.models,
            precision=settings.precision,
            gpu_id=gpu_id,
            threads=settings.inference_threads,
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
        decoding = [isolate(partial(self._start_decoding, product)) for product in products]
        inference = Inference(self.engine)
        decoded: list[DecodedProduct | RequestFailed] = []
        for each in decoding:
            product = self._finish_decoding(each)
            measured.add_photos(product)
            if isinstance(product, DecodedProduct):
                inference.add([photo.pixels for photo in product.photos])
            decoded.append(product)
        outputs = inference.finish()
        measured.inference_seconds = inference.seconds
        started = time.perf_counter()
        good = [each for each in decoded if isinstance(each, DecodedProduct)]
        answers = iter(self._answer(good, outputs))
        outcomes = [each if isinstance(each, RequestFailed) else next(answers) for each in decoded]
        measured.decision_seconds = time.perf_counter() - started
        return outcomes, measured

    def describe(self) -> dict[str, Any]:
        """Return what serves, in words of JSON, for operators and the report of a load test."""
        manifest = self.bundle.manifest
        return {
            **self.identity.model_dump(),
            "backbone": manifest.backbone,
            "runtime": self.engine.runtime,
            "precision": self.engine.precision,
            "dataset": manifest.dataset.model_dump(),
            "micro_f1": manifest.metrics.get("micro_f1"),
        }

    def _start_decoding(self, product: Product) -> Decoding:
        return self._decoder.start(with_known_groups(product, self.bundle.label_space))

    def _finish_decoding(
        self, decoding: Decoding | RequestFailed
    ) -> DecodedProduct | RequestFailed:
        if isinstance(decoding, RequestFailed):
            return decoding
        return isolate(partial(self._decoder.finish, decoding))

    def _answer(
        self, decoded: Sequence[DecodedProduct], outputs: Sequence[EngineOutput | RequestFailed]
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        start = 0
        for each in decoded:
            end = start + len(each.photos)
            outcomes.append(isolate(partial(self._answer_one, each, outputs[start:end])))
            start = end
        return outcomes

    def _answer_one(
        self, decoded: DecodedProduct, outputs: Sequence[EngineOutput | RequestFailed]
    ) -> Outcome:
        seen: list[EngineOutput] = []
        for output in outputs:
            if isinstance(output, RequestFailed):
                return output
            seen.append(output)
        return answer_product(
            decoded.product,
            [photo.facts for photo in decoded.photos],
            EngineOutput.join(seen),
            self.bundle,
            self.identity,
            self.settings.default_top_k,
        )
