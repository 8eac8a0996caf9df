"""Which number formats a tagger may be served in: measured on photos it has not learned from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from hangtag.bundle import INT8_MODEL, MODEL, MeasuredPrecision, Precisions
from hangtag.decisions import BoolArray, FloatArray, select_tags, sigmoid
from hangtag.engine import Engine, Precision, load_engine, supported_precisions
from hangtag.hardware import read_cpu
from hangtag.label_space import LabelSpace
from training.evaluation import micro_f1
from training.quantization import quantize

# A faster format is offered only if it stays within these.
MAX_F1_LOSS = 0.002
MIN_TAGS_EQUAL = 0.995
# Slower ones, and those that gain less than this, are not worth any difference.
MIN_SPEED_UP = 1.1

CALIBRATION_PHOTOS = 128
# Enough to see a loss of 0.2 points, in about a minute with the largest backbone.
JUDGED_PHOTOS = 1000
_BATCH = 8


@dataclass(frozen=True)
class PrecisionSample:
    """Photos, uint8 (N, 3, S, S), to calibrate int8 with and to judge all formats on.

    `targets` float32 (N, L), NaN where unknown; `thresholds` float32 (L,).
    """

    calibration: npt.NDArray[np.uint8]
    judged: npt.NDArray[np.uint8]
    targets: FloatArray
    thresholds: FloatArray
    label_space: LabelSpace


@dataclass(frozen=True)
class _Run:
    scores: FloatArray
    tags: BoolArray
    micro_f1: float
    photos_per_second: float
    runtime: str


def measure_precisions(
    folder: Path, sample: PrecisionSample, golden: Sequence[npt.NDArray[np.uint8]]
) -> Precisions:
    """Measure each format that this machine computes natively; leave the int8 model if offered.

    Parameters
    ----------
    folder : the unfinished bundle, with model.onnx
    golden : the golden photos, uint8 (3, S, S) each
    """
    exact_engine = load_engine({"fp32": folder / MODEL}, precision="fp32")
    exact = _run(exact_engine, sample)
    exact_golden = _scores(exact_engine, np.stack(golden))
    measured = [_report("fp32", exact, exact, 0.0, offered=True)]
    fastest = exact
    for precision in supported_precisions():
        if precision == "fp32":
            continue
        engine = _load(folder, precision, sample)
        run = _run(engine, sample)
        offered = _is_as_good(run, exact) and _is_faster(run, fastest)
        golden_difference = float(np.abs(_scores(engine, np.stack(golden)) - exact_golden).max())
        measured.append(_report(precision, run, exact, golden_difference, offered=offered))
        fastest = run if offered else fastest
    if not any(each.precision == "int8" and each.offered for each in measured):
        (folder / INT8_MODEL).unlink(missing_ok=True)
    cpu = read_cpu()
    machine = f"{cpu.name}, {cpu.cores} cores, {' '.join(cpu.engine_flags)}"
    return Precisions(machine=machine, photos=len(sample.judged), measured=tuple(measured))


def describe_precisions(precisions: Precisions) -> list[str]:
    """Return a line for each format, for people."""
    return [
        f"{each.precision}: {each.photos_per_second:.0f} photos/s ({each.runtime}), "
        f"micro-F1 {each.micro_f1:.4f}, {each.tags_equal:.2%} of tags as in fp32"
        + ("" if each.offered else "; not offered")
        for each in precisions.measured
    ]


def _load(folder: Path, precision: Precision, sample: PrecisionSample) -> Engine:
    model = folder / MODEL
    if precision == "int8":
        quantize(model, sample.calibration, folder / INT8_MODEL)
        model = folder / INT8_MODEL
    return load_engine({"fp32": folder / MODEL, precision: model}, precision=precision)


def _run(engine: Engine, sample: PrecisionSample) -> _Run:
    batches = [sample.judged[i : i + _BATCH] for i in range(0, len(sample.judged), _BATCH)]
    started = time.perf_counter()
    scores = np.concatenate(
        [
            _scores(engine, batch)
            for batch in track(batches, description=f"Measuring {engine.precision}")
        ]
    )
    seconds = time.perf_counter() - started
    return _Run(
        scores=scores,
        tags=select_tags(scores, sample.thresholds, sample.label_space),
        micro_f1=micro_f1(scores, sample.targets, sample.thresholds, sample.label_space),
        photos_per_second=len(scores) / seconds,
        runtime=engine.runtime,
    )


def _scores(engine: Engine, pixels: npt.NDArray[np.uint8]) -> FloatArray:
    scores: FloatArray = sigmoid(engine.run(np.ascontiguousarray(pixels)).logits)
    return scores


def _is_as_good(run: _Run, exact: _Run) -> bool:
    loss = exact.micro_f1 - run.micro_f1
    return loss <= MAX_F1_LOSS and tags_equal(run.tags, exact.tags) >= MIN_TAGS_EQUAL


def _is_faster(run: _Run, other: _Run) -> bool:
    return run.photos_per_second >= MIN_SPEED_UP * other.photos_per_second


def tags_equal(tags: BoolArray, expected: BoolArray) -> float:
    """Return the tags (N, L) that both give, as a share of those that either gives."""
    either = int((tags | expected).sum())
    return float((tags & expected).sum() / either) if either else 1.0


def _report(
    precision: Precision, run: _Run, exact: _Run, golden_difference: float, *, offered: bool
) -> MeasuredPrecision:
    return MeasuredPrecision(
        precision=precision,
        offered=offered,
        micro_f1=round(run.micro_f1, 5),
        tags_equal=round(tags_equal(run.tags, exact.tags), 5),
        largest_score_difference=round(float(np.abs(run.scores - exact.scores).max()), 5),
        golden_difference=round(golden_difference, 5),
        photos_per_second=round(run.photos_per_second, 1),
        runtime=run.runtime,
    )
