"""The one place that says how a bundle's engine is opened and fed; nothing of a server is here."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hangtag.bundle import load_bundle
from hangtag.engine import load_engine
from hangtag.images.decode import decode_image


class RawEngine:
    """Photo bytes in, logits out, as fast as one process can."""

    def __init__(self, bundle_folder: Path, threads: int) -> None:
        bundle = load_bundle(bundle_folder)
        self._preprocessing = bundle.manifest.preprocessing
        self._limits = bundle.manifest.limits
        self._engine = load_engine(bundle.models, threads=threads)

    @property
    def description(self) -> dict[str, str]:
        """What computes, and in which numbers."""
        return {"runtime": self._engine.runtime, "precision": self._engine.precision}

    def run(self, photos: Sequence[bytes]) -> None:
        """Decode photos and run the network on all of them together."""
        size_px = self._preprocessing.size_px
        decoded = (decode_image(photo, self._limits, size_px) for photo in photos)
        pixels = np.stack([self._preprocessing.to_model_input(each.rgb) for each in decoded])
        self._engine.run(pixels)
