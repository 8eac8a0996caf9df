"""Photos that arrive one after the other, through the network in whole steps."""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from hangtag.engine import Engine, EngineOutput
from hangtag.errors import RequestFailed
from hangtag.isolation import isolate


class Inference:
    """Runs the network as soon as a step is full; meanwhile other photos are being decoded.

    A step that fails is run again photo by photo, so that a photo which the network cannot take
    fails its own product only.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[npt.NDArray[np.uint8]] = []
        self._outputs: list[EngineOutput | RequestFailed] = []
        self.seconds = 0.0

    def add(self, pixels: Sequence[npt.NDArray[np.uint8]]) -> None:
        """Take photos of shape (3, S, S)."""
        self._waiting.extend(pixels)
        whole_steps = (
            len(self._waiting) // self._engine.max_batch_size * self._engine.max_batch_size
        )
        self._run(whole_steps)

    def finish(self) -> list[EngineOutput | RequestFailed]:
        """Run what is left; return each photo's output, in order, or why it has none."""
        self._run(len(self._waiting))
        return self._outputs

    def _run(self, count: int) -> None:
        if count == 0:
            return
        started = time.perf_counter()
        self._outputs += self._step(self._waiting[:count])
        del self._waiting[:count]
        self.seconds += time.perf_counter() - started

    def _step(self, photos: Sequence[npt.NDArray[np.uint8]]) -> list[EngineOutput | RequestFailed]:
        output = isolate(partial(self._engine.run, np.stack(photos)))
        if isinstance(output, EngineOutput):
            return [output.of_photo(index) for index in range(len(photos))]
        if len(photos) == 1:
            return [output]
        return [alone for photo in photos for alone in self._step([photo])]
