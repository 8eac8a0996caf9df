"""Photos that arrive one after the other, through the network in whole steps."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hangtag.engine import Engine, EngineOutput


class Inference:
    """Runs the network as soon as a step is full; meanwhile other photos are being decoded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[npt.NDArray[np.uint8]] = []
        self._outputs: list[EngineOutput] = []
        self.seconds = 0.0

    def add(self, pixels: Sequence[npt.NDArray[np.uint8]]) -> None:
        """Take photos of shape (3, S, S)."""
        self._waiting.extend(pixels)
        whole_steps = len(self._waiting) // self._engine.largest_step * self._engine.largest_step
        self._run(whole_steps)

    def finish(self) -> EngineOutput | None:
        """Run what is left; return the outputs of all photos in order, None if there were none."""
        self._run(len(self._waiting))
        return EngineOutput.join(self._outputs) if self._outputs else None

    def _run(self, count: int) -> None:
        if count == 0:
            return
        started = time.perf_counter()
        self._outputs.append(self._engine.run(np.stack(self._waiting[:count])))
        del self._waiting[:count]
        self.seconds += time.perf_counter() - started
