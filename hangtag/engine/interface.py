"""What every engine is to the rest of the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

# fp16 is for GPUs, bf16 and int8 are for CPUs.
Precision = Literal["fp32", "fp16", "bf16", "int8"]


@dataclass(frozen=True)
class EngineOutput:
    """`logits` float32 (B, L); `embeddings` float32 (B, E); L labels, E the backbone's width."""

    logits: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]

    def of_photo(self, index: int) -> EngineOutput:
        """Return one photo's share."""
        return EngineOutput(self.logits[index : index + 1], self.embeddings[index : index + 1])

    @staticmethod
    def join(outputs: list[EngineOutput]) -> EngineOutput:
        """Return the outputs of several runs as one."""
        return EngineOutput(
            np.concatenate([output.logits for output in outputs]),
            np.concatenate([output.embeddings for output in outputs]),
        )


class Engine(Protocol):
    """One loaded network on one device; to be used from one thread at a time."""

    @property
    def runtime(self) -> str:
        """What computes, such as `OpenVINO` or `CUDAExecutionProvider`."""

    @property
    def precision(self) -> Precision:
        """In which numbers it computes."""

    @property
    def max_batch_size(self) -> int:
        """Photos that it takes at once; more are run in several steps."""

    def run(self, pixels: npt.NDArray[np.uint8]) -> EngineOutput:
        """Run the network on photos of shape (B, 3, S, S), for any B >= 1."""
