"""model.onnx -> the same network with int8 weights and activations.

Post-training static quantisation (Jacob et al. 2018, https://arxiv.org/abs/1712.05877): weights
symmetric with a scale for each output channel, activations with the range that calibration photos
gave them. Only convolutions: they are nearly all of the work, and the head decides the scores.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from rich.progress import track

_BATCH = 8


def quantize(model: Path, calibration: npt.NDArray[np.uint8], target: Path) -> None:
    """Write an int8 model.

    Parameters
    ----------
    model : fp32 ONNX file with the input `pixels`
    calibration : uint8 (N, 3, S, S), training photos
    target : ONNX file to write, with QuantizeLinear and DequantizeLinear operators
    """
    # It advises to do what is done here.
    logging.getLogger().addFilter(_not_about_preprocessing)
    try:
        with tempfile.TemporaryDirectory() as work:
            prepared = Path(work, "prepared.onnx")
            quant_pre_process(model, prepared, skip_symbolic_shape=True)
            quantize_static(
                prepared,
                target,
                _Photos(calibration),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                per_channel=True,
                weight_type=QuantType.QInt8,
                activation_type=QuantType.QUInt8,
                calibrate_method=CalibrationMethod.MinMax,
            )
    finally:
        logging.getLogger().removeFilter(_not_about_preprocessing)


def _not_about_preprocessing(record: logging.LogRecord) -> bool:
    return "pre-process" not in record.getMessage()


class _Photos(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, photos: npt.NDArray[np.uint8]) -> None:
        self._batches: Iterator[npt.NDArray[np.uint8]] = iter(
            track(
                [photos[start : start + _BATCH] for start in range(0, len(photos), _BATCH)],
                description="Calibrating int8",
            )
        )

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"pixels": np.ascontiguousarray(batch)}
