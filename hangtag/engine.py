"""Runs model.onnx: uint8 photos in, logits and embeddings out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

logger = logging.getLogger(__name__)

Provider = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class EngineOutput:
    """`logits` float32 (B, L); `embeddings` float32 (B, E); L labels, E the backbone's width."""

    logits: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]


def choose_providers(available: Sequence[str], gpu_id: int | None) -> list[Provider]:
    """Return ONNX Runtime's execution providers in order of preference.

    Parameters
    ----------
    available : what this build of ONNX Runtime offers
    gpu_id : the GPU that the server assigned to this worker; None where it assigned none
    """
    cpu: Provider = ("CPUExecutionProvider", {})
    if gpu_id is None:
        return [cpu]
    if "CUDAExecutionProvider" not in available:
        logger.warning(
            "GPU %d was assigned, but this ONNX Runtime has no CUDA: running on the CPU. "
            "Replace onnxruntime by onnxruntime-gpu to use the GPU.",
            gpu_id,
        )
        return [cpu]
    # HEURISTIC searches convolution algorithms in milliseconds; the default EXHAUSTIVE takes
    # seconds for every new batch size, and sizes vary here.
    cuda: Provider = (
        "CUDAExecutionProvider",
        {"device_id": gpu_id, "cudnn_conv_algo_search": "HEURISTIC"},
    )
    return [cuda, cpu]


class Engine:
    """One loaded model on one device."""

    def __init__(
        self, model_path: Path, *, gpu_id: int | None = None, inference_threads: int = 0
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = inference_threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(model_path),
            options,
            providers=choose_providers(onnxruntime.get_available_providers(), gpu_id),
        )

    @property
    def provider(self) -> str:
        """The execution provider in use, such as `CPUExecutionProvider`."""
        return str(self._session.get_providers()[0])

    def run(self, pixels: npt.NDArray[np.uint8]) -> EngineOutput:
        """Run the network on photos of shape (B, 3, S, S)."""
        logits, embeddings = self._session.run(["logits", "embedding"], {"pixels": pixels})
        return EngineOutput(logits, embeddings)
