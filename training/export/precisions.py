"""Which number formats a tagger may be served in: measured on photos it has not learned from."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from hangtag.arrays import BoolArray, FloatArray
from hangtag.bundle import INT8_MODEL, MODEL, MeasuredPrecision, QuantizationReport
from hangtag.engine import Engine, Precision, load_engine, supported_precisions
from hangtag.hardware import read_cpu
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import select_tags
from hangtag.scoring.scorer import Scorer
from training.data.measurable import enough
from training.evaluate.metrics import micro_f1

logger = logging.getLogger(__name__)

# A faster format is offered only if it stays within these.
MAX_F1_LOSS = 0.002
# 99.5% is the promise; a thousand photos cannot tell it from a little less.
MIN_TAGS_EQUAL = 0.996
# Slower ones, and those that gain less than this, are not worth any difference.
MIN_SPEED_UP = 1.1

CALIBRATION_PHOTOS = 128
# Enough to see a loss of 0.2 points, in about a minute with the largest backbone.
JUDGED_PHOTOS = 1000
# How many of the first convolutions int8 leaves in fp32: what they round away is lost to all that
# follow. Where the most are not enough, fewer are not tried.
_FEWER_EXACT, _MOST_EXACT = (0, 1), 4
_BATCH = 8
_SPEED_ROUNDS = 8


@dataclass(frozen=True)
class PrecisionSample:
    """Photos, uint8 (N, 3, S, S), to calibrate int8 with and to judge all formats on.

    `targets` float32 (N, L), NaN where unknown; `thresholds` float32 (L,); `known_scores` float32
    (N, L) those of `judged` by the network that was just trained, if there are any.
    """

    calibration: npt.NDArray[np.uint8]
    judged: npt.NDArray[np.uint8]
    targets: FloatArray
    thresholds: FloatArray
    scorer: Scorer
    label_space: LabelSpace
    known_scores: FloatArray | None = None


@dataclass(frozen=True)
class _Judged:
    """What the photos got in one format; `reduced_range`: with int8 weights of 7 bits."""

    scores: FloatArray
    golden: FloatArray
    tags: BoolArray
    micro_f1: float
    reduced_range: bool = False


def measure_precisions(
    folder: Path,
    sample: PrecisionSample,
    golden: Sequence[npt.NDArray[np.uint8]],
    candidates: Sequence[Precision] | None = None,
) -> QuantizationReport:
    """Measure each format that may be faster on this machine; leave the int8 model if offered.

    Parameters
    ----------
    folder : the unfinished bundle, with model.onnx
    golden : the golden photos, uint8 (3, S, S) each
    candidates : the formats, fp32 first; if not given, all that this machine supports
    """
    candidates = candidates or supported_precisions()
    engines: dict[Precision, Engine] = {}
    judged: dict[Precision, _Judged] = {}
    # With nothing to compare, what is known is not computed again.
    known = sample.known_scores if len(candidates) == 1 else None
    engines["fp32"] = load_engine({"fp32": folder / MODEL}, precision="fp32")
    judged["fp32"] = _judge(engines["fp32"], sample, golden, known)
    for precision in candidates:
        if precision == "fp32":
            continue
        try:
            engine, result = _attempt(precision, folder, sample, golden, judged["fp32"])
        except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
            # Not every network can be quantised, and flags may promise what a virtual machine does
            # not have; hours of training must not be lost by it.
            logger.warning("Without %s, in which this network does not run: %s", precision, error)
            continue
        engines[precision], judged[precision] = engine, result
    speeds = _photos_per_second(engines, sample.judged)
    exact, fastest = judged["fp32"], speeds["fp32"]
    measured = []
    for precision, engine in engines.items():
        offered = precision == "fp32" or (
            _is_as_good(judged[precision], exact) and speeds[precision] >= MIN_SPEED_UP * fastest
        )
        fastest = speeds[precision] if offered else fastest
        measured.append(
            _report(engine, judged[precision], exact, speeds[precision], offered=offered)
        )
    if not any(each.precision == "int8" and each.offered for each in measured):
        (folder / INT8_MODEL).unlink(missing_ok=True)
    return QuantizationReport(
        machine=read_cpu().described, photos=len(sample.judged), measured=tuple(measured)
    )


def describe_precisions(precisions: QuantizationReport) -> list[str]:
    """Return a line for each format, for people."""
    judged = enough(precisions.photos)
    return [
        f"{each.precision}: {each.photos_per_second:.0f} photos/s ({each.runtime})"
        + (f", micro-F1 {each.micro_f1:.4f}" if judged else "")
        + f", {each.tags_equal:.2%} of tags as in fp32"
        + ("" if each.offered else "; not offered")
        for each in precisions.measured
    ]


def _attempt(
    precision: Precision,
    folder: Path,
    sample: PrecisionSample,
    golden: Sequence[npt.NDArray[np.uint8]],
    exact: _Judged,
) -> tuple[Engine, _Judged]:
    if precision == "int8":
        return _make_int8(folder, sample, golden, exact)
    model = folder / MODEL
    engine = load_engine({"fp32": model, precision: model}, precision=precision)
    return engine, _judge(engine, sample, golden)


def _make_int8(
    folder: Path, sample: PrecisionSample, golden: Sequence[npt.NDArray[np.uint8]], exact: _Judged
) -> tuple[Engine, _Judged]:
    """Quantise as much as stays as good as fp32; if nothing does, as little as is tried."""
    # Imported late: it takes a second, and not every machine needs it.
    from training.export.quantization import quantize

    models: dict[Precision, Path] = {"fp32": folder / MODEL, "int8": folder / INT8_MODEL}
    reduced_range = not read_cpu().has_int8

    def attempt(convolutions: int) -> tuple[Engine, _Judged]:
        with Console(stderr=True).status("Calibrating int8 …"):
            quantize(
                models["fp32"],
                sample.calibration,
                models["int8"],
                convolutions,
                reduced_range=reduced_range,
            )
        engine = load_engine(models, precision="int8")
        return engine, replace(_judge(engine, sample, golden), reduced_range=reduced_range)

    most_exact = attempt(_MOST_EXACT)
    if not _is_as_good(most_exact[1], exact):
        return most_exact
    for convolutions in _FEWER_EXACT:
        tried = attempt(convolutions)
        if _is_as_good(tried[1], exact):
            return tried
    # Its file has been overwritten.
    return attempt(_MOST_EXACT)


def _judge(
    engine: Engine,
    sample: PrecisionSample,
    golden: Sequence[npt.NDArray[np.uint8]],
    known: FloatArray | None = None,
) -> _Judged:
    scores = _scores_of_judged(engine, sample) if known is None else known
    return _Judged(
        scores=scores,
        golden=_scores(engine, sample.scorer, np.stack(golden)),
        tags=select_tags(scores, sample.thresholds, sample.label_space),
        micro_f1=micro_f1(scores, sample.targets, sample.thresholds, sample.label_space),
    )


def _scores_of_judged(engine: Engine, sample: PrecisionSample) -> FloatArray:
    batches = [sample.judged[i : i + _BATCH] for i in range(0, len(sample.judged), _BATCH)]
    progress = track(batches, description=f"Measuring {engine.precision}")
    return np.concatenate([_scores(engine, sample.scorer, batch) for batch in progress])


def _photos_per_second(
    engines: Mapping[Precision, Engine], photos: npt.NDArray[np.uint8]
) -> dict[Precision, float]:
    """Return the best of several rounds in turn: what else the machine does only slows them."""
    batch = np.ascontiguousarray(photos[:_BATCH])
    seconds: dict[Precision, list[float]] = {precision: [] for precision in engines}
    for _ in track(range(_SPEED_ROUNDS), description="Measuring speed"):
        for precision, engine in engines.items():
            started = time.perf_counter()
            engine.run(batch)
            seconds[precision].append(time.perf_counter() - started)
    return {precision: len(batch) / min(each) for precision, each in seconds.items()}


def _scores(engine: Engine, scorer: Scorer, pixels: npt.NDArray[np.uint8]) -> FloatArray:
    return scorer.scores(engine.run(np.ascontiguousarray(pixels)).logits)


def _is_as_good(judged: _Judged, exact: _Judged) -> bool:
    loss = exact.micro_f1 - judged.micro_f1
    return (
        enough(len(exact.tags))
        and loss <= MAX_F1_LOSS
        and tags_equal(judged.tags, exact.tags) >= MIN_TAGS_EQUAL
    )


def tags_equal(tags: BoolArray, expected: BoolArray) -> float:
    """Return the tags (N, L) that both give, as a share of those that either gives."""
    either = int((tags | expected).sum())
    return float((tags & expected).sum() / either) if either else 1.0


def _report(
    engine: Engine, judged: _Judged, exact: _Judged, photos_per_second: float, *, offered: bool
) -> MeasuredPrecision:
    return MeasuredPrecision(
        precision=engine.precision,
        offered=offered,
        micro_f1=round(judged.micro_f1, 5),
        tags_equal=round(tags_equal(judged.tags, exact.tags), 5),
        largest_score_difference=round(float(np.abs(judged.scores - exact.scores).max()), 5),
        golden_difference=round(float(np.abs(judged.golden - exact.golden).max()), 5),
        photos_per_second=round(photos_per_second, 1),
        runtime=engine.runtime,
        reduced_range=judged.reduced_range,
    )
