import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from hangtag.bundle import Bundle
from hangtag.engine import (
    DECIDED_PRECISION,
    Engine,
    Precision,
    load_engine,
    supported_precisions,
)
from hangtag.engine.batches import split_into_batches
from hangtag.engine.choice import choose_precision, cpu_precisions, has_cuda, has_openvino
from hangtag.engine.onnxruntime_engine import (
    GPU_STEPS,
    Device,
    OnnxRuntimeEngine,
    choose_device,
)
from hangtag.errors import SettingsInvalid
from hangtag.hardware import Cpu

CPU: tuple[str, dict[str, str]] = ("CPUExecutionProvider", {})
CACHE = Path("cache")
ALL_PROVIDERS = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


def cpu(*flags: str) -> Cpu:
    return Cpu("some", 2, frozenset(flags))


def test_without_a_gpu_the_cpu_runs() -> None:
    assert choose_device(ALL_PROVIDERS, None, "fp32", CACHE).providers == (CPU,)


def test_the_assigned_gpu_is_used_with_the_cpu_behind_it() -> None:
    device = choose_device(["CUDAExecutionProvider"], 3, "fp32", CACHE)
    (name, options), behind = device.providers
    assert (name, options["device_id"], behind) == ("CUDAExecutionProvider", 3, CPU)
    assert (device.kind, device.index, device.steps) == ("cuda", 3, GPU_STEPS)


@pytest.mark.parametrize(("precision", "fp16"), [("fp32", False), ("fp16", True)])
def test_tensorrt_goes_first_and_keeps_its_plans(
    precision: str, fp16: bool, tmp_path: Path
) -> None:
    cache = tmp_path / "plans"
    device = choose_device(ALL_PROVIDERS, 1, precision, cache)  # type: ignore[arg-type]
    (name, options), (second, _), _ = device.providers
    assert (name, second) == ("TensorrtExecutionProvider", "CUDAExecutionProvider")
    assert (options["device_id"], options["trt_fp16_enable"]) == (1, fp16)
    assert options["trt_engine_cache_path"] == str(cache)
    assert cache.is_dir()


@pytest.mark.skipif(has_cuda(), reason="this ONNX Runtime has CUDA")
def test_a_gpu_without_cuda_in_the_runtime_is_said_aloud(
    tiny_bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    models: dict[Precision, Path] = {"fp32": tiny_bundle.model_path}
    with caplog.at_level(logging.WARNING):
        engine = load_engine(models, gpu_id=0)
    assert "onnxruntime-gpu" in caplog.text
    assert engine.runtime == load_engine(models).runtime


@pytest.mark.parametrize(
    ("flags", "openvino", "precisions"),
    [
        (("sse4_2",), True, ("fp32",)),
        # Right with a reduced range only, which a bundle says.
        (("avx2",), True, ("fp32", "int8")),
        # Whether ONNX Runtime is faster so was not measured.
        (("avx2",), False, ("fp32",)),
        (("avx512_vnni",), True, ("fp32", "int8")),
        (("amx_bf16", "amx_int8"), True, ("fp32", "bf16", "int8")),
        # ONNX Runtime has no bf16 on CPUs.
        (("avx512_bf16", "avx_vnni"), False, ("fp32", "int8")),
    ],
)
def test_bf16_and_int8_only_where_the_hardware_has_them(
    flags: tuple[str, ...], openvino: bool, precisions: tuple[str, ...]
) -> None:
    assert cpu_precisions(cpu(*flags), openvino=openvino) == precisions


def test_the_fastest_precision_that_is_offered_and_supported_is_taken() -> None:
    assert choose_precision(("fp32", "bf16", "int8"), ("fp32", "bf16", "int8"), "auto") == "int8"
    assert choose_precision(("fp32", "bf16"), ("fp32", "bf16", "int8"), "auto") == "bf16"
    assert choose_precision(("fp32", "bf16", "int8"), ("fp32",), "auto") == "fp32"
    assert choose_precision(("fp32", "bf16", "int8"), ("fp32", "bf16", "int8"), "fp32") == "fp32"


def test_what_was_measured_to_be_the_fastest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    every: tuple[Precision, ...] = ("fp32", "bf16", "int8")
    monkeypatch.setenv(DECIDED_PRECISION, "bf16")
    assert choose_precision(every, every, "auto") == "bf16"
    # Not where the bundle does not offer it, nor against a setting.
    assert choose_precision(("fp32", "int8"), every, "auto") == "int8"
    assert choose_precision(every, every, "fp32") == "fp32"


def test_a_precision_that_is_not_to_be_had_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="precision: int8 is not to be had"):
        choose_precision(("fp32", "bf16"), ("fp32", "bf16", "int8"), "int8")


@pytest.mark.parametrize("count", [1, 3, 4, 7, 16, 33])
def test_steps_add_up(count: int) -> None:
    steps = split_into_batches(count, (1, 4))
    assert sum(steps) == count
    assert steps.count(1) < 4


@pytest.fixture(params=["chosen", "onnxruntime"])
def engine(request: pytest.FixtureRequest, tiny_bundle: Bundle) -> Engine:
    """What this machine takes, and what machines without it fall back to."""
    if request.param == "chosen":
        return load_engine({"fp32": tiny_bundle.model_path})
    device = Device("cpu", 0, (CPU,))
    return OnnxRuntimeEngine(tiny_bundle.model_path, device, precision="fp32", threads=1)


def test_runs_any_batch_size_with_the_same_result(engine: Engine) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
    together = engine.run(pixels)
    alone = [engine.run(each[None]) for each in pixels]
    assert together.logits.shape == (7, 5)
    assert together.embeddings.shape == (7, 3)
    assert together.logits.dtype == together.embeddings.dtype == np.float32
    assert np.allclose(together.logits, np.concatenate([o.logits for o in alone]), atol=1e-5)
    assert np.allclose(
        together.embeddings, np.concatenate([o.embeddings for o in alone]), atol=1e-5
    )


def test_an_answer_is_not_overwritten_by_the_next(engine: Engine) -> None:
    first = engine.run(np.zeros((1, 3, 32, 32), dtype=np.uint8)).logits
    before = first.copy()
    engine.run(np.full((1, 3, 32, 32), 255, dtype=np.uint8))
    assert np.array_equal(first, before)


@pytest.mark.skipif(not has_openvino(), reason="no OpenVINO for this machine")
def test_openvino_is_taken_on_this_cpu(tiny_bundle: Bundle) -> None:
    assert load_engine({"fp32": tiny_bundle.model_path}).runtime == "OpenVINO"


@pytest.mark.skipif("bf16" not in supported_precisions(), reason="this CPU has no bf16")
def test_bf16_is_close_to_fp32(tiny_bundle: Bundle) -> None:
    models: dict[Precision, Path] = {"fp32": tiny_bundle.model_path, "bf16": tiny_bundle.model_path}
    pixels = np.random.default_rng(1).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    fast, exact = load_engine(models), load_engine(models, precision="fp32")
    assert (fast.precision, exact.precision) == ("bf16", "fp32")
    assert np.allclose(fast.run(pixels).logits, exact.run(pixels).logits, atol=0.1)


@pytest.mark.skipif(not has_openvino(), reason="no OpenVINO for this machine")
def test_a_process_that_had_several_engines_survives_a_signal(tiny_bundle: Bundle) -> None:
    # The first one made goes first: what segfaulted before there was one core for all.
    code = f"""
import gc, signal
from pathlib import Path
from hangtag.engine import load_engine
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
engines = [load_engine({{"fp32": Path({str(tiny_bundle.model_path)!r})}}) for _ in range(2)]
while engines:
    engines.pop(0)
    gc.collect()
signal.raise_signal(signal.SIGTERM)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "handled\n"), ended.stderr


@pytest.mark.gpu
@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="no CUDA in this ONNX Runtime: running on a GPU is not tested here",
)
def test_runs_on_the_gpu(tiny_bundle: Bundle) -> None:
    models: dict[Precision, Path] = {"fp32": tiny_bundle.model_path}
    engine = load_engine(models, gpu_id=0)
    assert engine.runtime in ("TensorrtExecutionProvider", "CUDAExecutionProvider")
    pixels = np.zeros((2, 3, 32, 32), dtype=np.uint8)
    assert np.allclose(engine.run(pixels).logits, load_engine(models).run(pixels).logits, atol=1e-3)
