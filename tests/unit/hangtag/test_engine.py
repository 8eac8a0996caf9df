from __future__ import annotations

import logging

import numpy as np
import onnxruntime
import pytest

from hangtag.bundle import Bundle
from hangtag.engine import Engine, choose_providers

CPU = ("CPUExecutionProvider", {})


def test_without_a_gpu_the_cpu_runs() -> None:
    available = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    assert choose_providers(available, gpu_id=None) == [CPU]


def test_the_assigned_gpu_is_used_with_the_cpu_behind_it() -> None:
    (name, options), behind = choose_providers(["CUDAExecutionProvider"], gpu_id=3)
    assert (name, options["device_id"], behind) == ("CUDAExecutionProvider", 3, CPU)


def test_a_gpu_without_cuda_in_the_runtime_is_said_aloud(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert choose_providers(["CPUExecutionProvider"], gpu_id=0) == [CPU]
    assert "onnxruntime-gpu" in caplog.text


def test_runs_any_batch_size_with_the_same_result(tiny_bundle: Bundle) -> None:
    engine = Engine(tiny_bundle.model_path)
    pixels = np.random.default_rng(1).integers(0, 256, (5, 3, 32, 32), dtype=np.uint8)
    together = engine.run(pixels)
    alone = np.concatenate([engine.run(each[None]).logits for each in pixels])
    assert together.logits.shape == (5, 5)
    assert together.embeddings.shape == (5, 3)
    assert np.allclose(together.logits, alone, atol=1e-5)
    assert engine.provider == "CPUExecutionProvider"


@pytest.mark.gpu
@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="no CUDA in this ONNX Runtime: running on a GPU is not tested here",
)
def test_runs_on_the_gpu(tiny_bundle: Bundle) -> None:
    engine = Engine(tiny_bundle.model_path, gpu_id=0)
    assert engine.provider == "CUDAExecutionProvider"
    pixels = np.zeros((2, 3, 32, 32), dtype=np.uint8)
    cpu = Engine(tiny_bundle.model_path).run(pixels)
    assert np.allclose(engine.run(pixels).logits, cpu.logits, atol=1e-3)
