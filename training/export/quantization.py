"""model.onnx -> the same network with int8 weights and activations.

Post-training static quantisation (Jacob et al. 2018, https://arxiv.org/abs/1712.05877): weights
symmetric with a scale for each output channel, activations with the range that calibration photos
gave them, but for one value in 100,000. Only convolutions: they are nearly all of the work, and the
head decides the scores.
"""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from hangtag.files.full_disk import writing_into

_BATCH = 8
# Percent of an activation's values that int8 must be able to express.
_RANGE_PERCENTILE = 99.999


def quantize(
    model: Path,
    calibration: npt.NDArray[np.uint8],
    target: Path,
    exact_convolutions: int = 0,
    *,
    reduced_range: bool = False,
) -> None:
    """Write an int8 model.

    Parameters
    ----------
    model : fp32 ONNX file with the input `pixels`
    calibration : uint8 (N, 3, S, S), training photos
    target : ONNX file to write, with QuantizeLinear and DequantizeLinear operators
    exact_convolutions : how many of the first convolutions stay in fp32
    reduced_range : weights of 7 bits, for processors without VNNI
    """
    # It advises to do what is done here.
    logging.getLogger().addFilter(_not_about_preprocessing)
    try:
        with tempfile.TemporaryDirectory() as work, writing_into(Path(work), target.parent):
            prepared = Path(work, "prepared.onnx")
            quant_pre_process(model, prepared, skip_symbolic_shape=True)
            # It prints the steps of its statistics.
            with contextlib.redirect_stdout(io.StringIO()):
                quantize_static(
                    prepared,
                    target,
                    _Photos(calibration),
                    quant_format=QuantFormat.QDQ,
                    op_types_to_quantize=["Conv"],
                    nodes_to_exclude=_convolutions(prepared)[:exact_convolutions],
                    per_channel=True,
                    reduce_range=reduced_range,
                    weight_type=QuantType.QInt8,
                    activation_type=QuantType.QUInt8,
                    calibrate_method=CalibrationMethod.Percentile,
                    # The stride, in batches, holds for every method: without it the activations of
                    # all photos would lie in memory at once.
                    extra_options={"CalibPercentile": _RANGE_PERCENTILE, "CalibStridedMinMax": 1},
                )
    finally:
        logging.getLogger().removeFilter(_not_about_preprocessing)


def _not_about_preprocessing(record: logging.LogRecord) -> bool:
    return "pre-process" not in record.getMessage()


def _convolutions(model: Path) -> list[str]:
    return [node.name for node in onnx.load(model).graph.node if node.op_type == "Conv"]


class _Photos(CalibrationDataReader):  # type: ignore[misc]
    """Hands out photos in batches, from one stride of them at a time."""

    def __init__(self, photos: npt.NDArray[np.uint8]) -> None:
        self._batches = [
            np.ascontiguousarray(photos[start : start + _BATCH])
            for start in range(0, len(photos), _BATCH)
        ]
        self._stride: Iterator[npt.NDArray[np.uint8]] = iter(())

    def __len__(self) -> int:
        return len(self._batches)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._stride = iter(self._batches[start_index:end_index])

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._stride, None)
        return None if batch is None else {"pixels": batch}
