"""Which runtime, in which precision: decided by what the bundle offers and the machine has."""

import importlib.util
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from hangtag.engine.interface import Engine, Precision
from hangtag.errors import SettingsInvalid
from hangtag.hardware import Cpu, read_cpu, threads_of_worker

logger = logging.getLogger(__name__)

# How the launcher tells all workers of a server what was the fastest on this machine.
DECIDED_PRECISION = "HANGTAG_PRECISION_DECIDED"
# Fastest first, on hardware that has them.
_BY_SPEED: tuple[Precision, ...] = ("int8", "bf16", "fp16", "fp32")


def load_engine(
    models: Mapping[Precision, Path],
    *,
    precision: Precision | Literal["auto"] = "auto",
    gpu_id: int | None = None,
    threads: int = 0,
) -> Engine:
    """Load a network the fastest way that this machine has for it.

    Parameters
    ----------
    models : the ONNX file for each precision that the bundle offers; fp32 always
    precision : `auto` takes what the environment says was measured to be the fastest, else what
        usually is, of all that is offered and that the hardware computes
    gpu_id : the GPU that the server assigned to this worker; None where it assigned none
    threads : cores that one run uses on a CPU; 0: see `hangtag.hardware.threads_of_worker`

    Raises
    ------
    SettingsInvalid : if the precision that was asked for is not to be had.
    """
    if gpu_id is not None and not has_cuda():
        logger.warning(
            "GPU %d was assigned, but this ONNX Runtime has no CUDA: running on the CPU. "
            "Replace onnxruntime by onnxruntime-gpu to use the GPU.",
            gpu_id,
        )
        gpu_id = None
    supported = supported_precisions(gpu_id)
    chosen = choose_precision(tuple(models), supported, precision)
    threads = threads_of_worker(threads)
    # A runtime is imported where it is used: it takes memory, and not every machine has each.
    if gpu_id is None and has_openvino():
        from hangtag.engine.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(models[chosen], precision=chosen, threads=threads)
    from hangtag.engine.onnxruntime_engine import OnnxRuntimeEngine, choose_device, providers

    device = choose_device(providers(), gpu_id, chosen, _folder_of_plans())
    return OnnxRuntimeEngine(models[chosen], device, precision=chosen, threads=threads)


def choose_precision(
    offered: Sequence[Precision],
    supported: Sequence[Precision],
    wanted: Precision | Literal["auto"],
) -> Precision:
    """Return the precision to run in.

    Raises
    ------
    SettingsInvalid : if `wanted` is not offered by the bundle or not supported by the machine.
    """
    possible = [each for each in _BY_SPEED if each in offered and each in supported]
    if wanted == "auto":
        decided = os.environ.get(DECIDED_PRECISION)
        return next((each for each in possible if each == decided), possible[0])
    if wanted not in possible:
        raise SettingsInvalid(
            f"precision: {wanted} is not to be had here: this bundle offers "
            f"{', '.join(offered)}, this machine computes {', '.join(supported)}."
        )
    return wanted


def supported_precisions(gpu_id: int | None = None) -> tuple[Precision, ...]:
    """Return the precisions that are worth measuring on this machine, from slow to fast."""
    if gpu_id is not None and has_cuda():
        from hangtag.engine.onnxruntime_engine import providers

        return ("fp32", "fp16") if "TensorrtExecutionProvider" in providers() else ("fp32",)
    return cpu_precisions(read_cpu(), openvino=has_openvino())


def cpu_precisions(cpu: Cpu, *, openvino: bool) -> tuple[Precision, ...]:
    """Return what a CPU may be faster in; bf16 needs OpenVINO, as ONNX Runtime's CPU has none.

    bf16 that is emulated is slower than fp32; int8 is faster with AVX2 alone, too, but only right
    with weights of a reduced range (see `MeasuredPrecision`).
    """
    precisions: list[Precision] = ["fp32"]
    if cpu.has_bf16 and openvino:
        precisions.append("bf16")
    if cpu.has_int8 or (cpu.has_avx2 and openvino):
        precisions.append("int8")
    return tuple(precisions)


def has_cuda() -> bool:
    """Whether this machine's ONNX Runtime can use NVIDIA GPUs."""
    from hangtag.engine.onnxruntime_engine import providers

    return "CUDAExecutionProvider" in providers()


def has_openvino() -> bool:
    """Whether OpenVINO is installed; where it is not, ONNX Runtime takes its place."""
    return importlib.util.find_spec("openvino") is not None


def _folder_of_plans() -> Path:
    # Not a temporary folder: it goes with the server, and TensorRT plans for minutes. It has to do
    # where a user has no home.
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache", "hangtag", "tensorrt")
