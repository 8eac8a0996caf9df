"""ONNX Runtime: GPUs through TensorRT or CUDA, and any CPU that OpenVINO does not run on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from hangtag.engine.batches import split_into_batches
from hangtag.engine.interface import EngineOutput, Precision

Provider = tuple[str, dict[str, Any]]

CPU_STEPS = (1, 4)
# A GPU is filled by more photos; each size is planned and warmed up when it is loaded.
GPU_STEPS = (1, 2, 4, 8, 16, 32)
_OUTPUTS = ("logits", "embedding")


@dataclass(frozen=True)
class Device:
    """Where ONNX Runtime runs: its execution providers in order of preference."""

    kind: str
    index: int
    providers: tuple[Provider, ...]

    @property
    def steps(self) -> tuple[int, ...]:
        """The batch sizes that are run here."""
        return GPU_STEPS if self.kind == "cuda" else CPU_STEPS


def providers() -> list[str]:
    """Return the execution providers that this build of ONNX Runtime has."""
    return list(onnxruntime.get_available_providers())


def choose_device(
    available: Sequence[str], gpu_id: int | None, precision: Precision, engine_cache: Path
) -> Device:
    """Return where to run.

    Parameters
    ----------
    available : the execution providers of this build of ONNX Runtime; CUDA among them for a GPU
    gpu_id : the GPU that the server assigned to this worker; None where it assigned none
    precision : fp16 needs TensorRT
    engine_cache : folder in which TensorRT keeps the plans that take it minutes to make
    """
    cpu: Provider = ("CPUExecutionProvider", {})
    if gpu_id is None:
        return Device("cpu", 0, (cpu,))
    # HEURISTIC searches convolution algorithms in milliseconds; EXHAUSTIVE takes seconds a size.
    cuda: Provider = (
        "CUDAExecutionProvider",
        {"device_id": gpu_id, "cudnn_conv_algo_search": "HEURISTIC"},
    )
    if "TensorrtExecutionProvider" not in available:
        return Device("cuda", gpu_id, (cuda, cpu))
    engine_cache.mkdir(parents=True, exist_ok=True)
    return Device("cuda", gpu_id, (_tensorrt(gpu_id, precision, engine_cache), cuda, cpu))


def _tensorrt(gpu_id: int, precision: Precision, engine_cache: Path) -> Provider:
    # https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html
    return (
        "TensorrtExecutionProvider",
        {
            "device_id": gpu_id,
            "trt_fp16_enable": precision == "fp16",
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": str(engine_cache),
            "trt_timing_cache_enable": True,
        },
    )


class OnnxRuntimeEngine:
    """A network on a GPU or a CPU, with its inputs and outputs bound to the device's memory."""

    def __init__(
        self, model_path: Path, device: Device, *, precision: Precision, threads: int
    ) -> None:
        self.precision = precision
        self.max_batch_size = max(device.steps)
        self._device = device
        if device.kind == "cuda":
            # From NVIDIA's wheels, where CUDA and cuDNN are not installed on the system.
            onnxruntime.preload_dlls()
        self._session = onnxruntime.InferenceSession(
            str(model_path), _session_options(threads), providers=_with_profiles(device, model_path)
        )
        for size in device.steps:
            self._run_step(np.zeros((size, *self._photo_shape), dtype=np.uint8))

    @property
    def runtime(self) -> str:
        """The execution provider in use, such as `CPUExecutionProvider`."""
        return str(self._session.get_providers()[0])

    def run(self, pixels: npt.NDArray[np.uint8]) -> EngineOutput:
        """Run the network on photos of shape (B, 3, S, S)."""
        outputs, start = [], 0
        for size in split_into_batches(len(pixels), self._device.steps):
            outputs.append(self._run_step(pixels[start : start + size]))
            start += size
        return EngineOutput.join(outputs)

    @property
    def _photo_shape(self) -> tuple[int, ...]:
        return tuple(self._session.get_inputs()[0].shape[1:])

    def _run_step(self, pixels: npt.NDArray[np.uint8]) -> EngineOutput:
        # Bound to the device, a batch is copied there once and back once.
        binding = self._session.io_binding()
        device, index = self._device.kind, self._device.index
        binding.bind_ortvalue_input(
            "pixels",
            onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(pixels), device, index),
        )
        for name in _OUTPUTS:
            binding.bind_output(name, device, index)
        self._session.run_with_iobinding(binding)
        logits, embeddings = binding.copy_outputs_to_cpu()
        return EngineOutput(logits, embeddings)


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return options


def _with_profiles(device: Device, model_path: Path) -> list[Provider]:
    """Tell TensorRT the batch sizes that will come, so that it plans once and not for each."""
    return [
        (name, {**options, **_profiles(model_path)} if name.startswith("Tensorrt") else options)
        for name, options in device.providers
    ]


def _profiles(model_path: Path) -> dict[str, str]:
    photo = onnxruntime.InferenceSession(
        str(model_path), providers=["CPUExecutionProvider"]
    ).get_inputs()[0]
    shape = "x".join(str(side) for side in photo.shape[1:])
    return {
        "trt_profile_min_shapes": f"pixels:1x{shape}",
        "trt_profile_opt_shapes": f"pixels:{max(GPU_STEPS)}x{shape}",
        "trt_profile_max_shapes": f"pixels:{max(GPU_STEPS)}x{shape}",
    }
