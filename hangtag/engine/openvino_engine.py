"""OpenVINO: the fastest runtime on x86 CPUs in each precision that was measured (ADR 5)."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from hangtag.engine.batches import split_into_batches
from hangtag.engine.interface import EngineOutput, Precision

# A lone photo, and enough at once to read each weight from memory once for several photos. Each
# size costs memory of its own: OpenVINO lays out the weights for each.
STEPS = (1, 4)
# What runs in int8 is said by the model itself; `f32` is for what lies between.
_HINTS: dict[Precision, str] = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}


class OpenVinoEngine:
    """A network on the CPU.

    Parameters
    ----------
    model_path : an ONNX file; for int8 one with QuantizeLinear and DequantizeLinear.
    precision : fp32, bf16 or int8.
    threads : cores that one call of `run` uses.
    """

    runtime = "OpenVINO"
    max_batch_size = max(STEPS)

    def __init__(self, model_path: Path, *, precision: Precision, threads: int) -> None:
        self.precision = precision
        core = _core()
        # Read once: the weights as they lie in the file are then in memory once.
        model = core.read_model(model_path)
        self._requests = {size: _compile(core, model, size, precision, threads) for size in STEPS}

    def run(self, pixels: npt.NDArray[np.uint8]) -> EngineOutput:
        """Run the network on photos of shape (B, 3, S, S)."""
        outputs, start = [], 0
        for size in split_into_batches(len(pixels), STEPS):
            request = self._requests[size]
            request.infer({"pixels": pixels[start : start + size]}, share_inputs=True)
            outputs.append(EngineOutput(_copy(request, "logits"), _copy(request, "embedding")))
            start += size
        return EngineOutput.join(outputs)


@cache
def _core() -> openvino.Core:
    """Return the one core of this process, which is never freed.

    Each core gives the main thread a signal stack of its own (for AMX) and puts back the one before
    when it goes: of two, the second to go puts back the freed stack of the first, and the next
    Ctrl-C is a segmentation fault (SigAltStackSetup in src/plugins/intel_cpu/src/plugin.cpp).
    """
    return openvino.Core()


def _compile(
    core: openvino.Core, model: openvino.Model, size: int, precision: Precision, threads: int
) -> Any:
    photo = model.input("pixels").partial_shape
    model.reshape({"pixels": [size, *(photo[axis] for axis in (1, 2, 3))]})
    settings = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        # Pinned, the threads of two workers would sit on the same cores.
        "ENABLE_CPU_PINNING": False,
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    # The first run sets up what later ones reuse.
    request.infer({"pixels": np.zeros(request.get_input_tensor().shape, dtype=np.uint8)})
    return request


def _copy(request: Any, name: str) -> npt.NDArray[np.float32]:
    # The next run writes into the same memory.
    values: npt.NDArray[np.float32] = np.array(request.get_tensor(name).data, dtype=np.float32)
    return values
