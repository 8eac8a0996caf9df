from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from hangtag.bundle import INT8_MODEL, MODEL
from hangtag.engine import load_engine, supported_precisions
from hangtag.engine.interface import Precision
from hangtag.hardware import read_cpu
from hangtag.label_space import parse_label_space
from hangtag.scoring.decisions import sigmoid
from hangtag.scoring.scorer import Scorer
from training.export.onnx_file import export_onnx
from training.export.precisions import (
    MIN_TAGS_EQUAL,
    PrecisionSample,
    _is_as_good,
    _Judged,
    describe_precisions,
    measure_precisions,
    tags_equal,
)
from training.export.quantization import quantize
from training.model.backbones import build_backbone
from training.model.losses import initial_scoring
from training.model.network import TaggerNetwork

SIZE_PX = 32
LABELS = 12
LABEL_SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [{"name": "all", "title": "All", "exclusive": False}],
        "labels": [{"id": i, "name": f"Label {i}", "group": "all"} for i in range(LABELS)],
    }
)
needs_int8 = pytest.mark.skipif(
    "int8" not in supported_precisions(), reason="nothing here multiplies int8"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random ResNet18, exported."""
    path = tmp_path_factory.mktemp("precisions") / MODEL
    torch.manual_seed(1)
    backbone = build_backbone("resnet18", "none", SIZE_PX)
    export_onnx(TaggerNetwork(backbone, LABELS, dropout=0.0).eval(), SIZE_PX, path)
    return path


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    (tmp_path / MODEL).write_bytes(model.read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 3, SIZE_PX, SIZE_PX), dtype=np.uint8)


def sample(photos: np.ndarray, thresholds: np.ndarray) -> PrecisionSample:
    return PrecisionSample(
        calibration=photos[:16],
        judged=photos,
        targets=np.zeros((len(photos), LABELS), dtype=np.float32),
        thresholds=thresholds.astype(np.float32),
        scorer=Scorer(LABEL_SPACE, initial_scoring(LABEL_SPACE, "bce")),
        label_space=LABEL_SPACE,
    )


def test_every_format_of_this_machine_is_measured(folder: Path, photos: np.ndarray) -> None:
    # Every label is a tag, whatever its score: no format can differ.
    precisions = measure_precisions(folder, sample(photos, np.zeros(LABELS)), list(photos[:2]))
    assert tuple(each.precision for each in precisions.measured) == supported_precisions()
    assert precisions.measured[0].offered
    assert all(each.tags_equal == 1.0 for each in precisions.measured)
    assert all(each.photos_per_second > 0 for each in precisions.measured)
    offered = {each.precision for each in precisions.measured if each.offered}
    assert (folder / INT8_MODEL).exists() == ("int8" in offered)
    assert len(describe_precisions(precisions)) == len(precisions.measured)


@needs_int8
def test_a_format_that_changes_tags_is_not_offered(folder: Path, photos: np.ndarray) -> None:
    engine = load_engine({"fp32": folder / MODEL}, precision="fp32")
    # Half of the photos lie above, many of them by a hair.
    thresholds = np.median(sigmoid(engine.run(photos).logits), axis=0)
    precisions = measure_precisions(folder, sample(photos, thresholds), list(photos[:2]))
    int8 = next(each for each in precisions.measured if each.precision == "int8")
    assert int8.tags_equal < MIN_TAGS_EQUAL
    assert not int8.offered
    assert not (folder / INT8_MODEL).exists()


@needs_int8
def test_int8_computes_nearly_the_same(folder: Path, photos: np.ndarray) -> None:
    quantize(
        folder / MODEL,
        photos[:16],
        folder / INT8_MODEL,
        reduced_range=not read_cpu().has_int8,
    )
    models: dict[Precision, Path] = {"fp32": folder / MODEL, "int8": folder / INT8_MODEL}
    exact = load_engine(models, precision="fp32").run(photos).logits
    quantized = load_engine(models, precision="int8").run(photos).logits
    error, spread = np.abs(quantized - exact).mean(), exact.std()
    assert 0 < error < 0.2 * spread


def test_the_int8_model_holds_int8_weights(folder: Path, photos: np.ndarray) -> None:
    quantize(folder / MODEL, photos[:16], folder / INT8_MODEL)
    graph = onnx.load(folder / INT8_MODEL).graph
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    dequantized = {
        name for node in graph.node if node.op_type == "DequantizeLinear" for name in node.output
    }
    assert convolutions
    assert all(node.input[1] in dequantized for node in convolutions)
    assert (folder / INT8_MODEL).stat().st_size < 0.4 * (folder / MODEL).stat().st_size


def test_weights_of_a_reduced_range_have_seven_bits(folder: Path, photos: np.ndarray) -> None:
    quantize(folder / MODEL, photos[:8], folder / INT8_MODEL, reduced_range=True)
    initializers = onnx.load(folder / INT8_MODEL).graph.initializer
    weights = [onnx.numpy_helper.to_array(each) for each in initializers]
    convolutions = [each for each in weights if each.dtype == np.int8 and each.ndim == 4]
    assert convolutions
    assert all(np.abs(each.astype(int)).max() <= 64 for each in convolutions)


def test_of_too_few_photos_no_format_is_offered_but_fp32(folder: Path, photos: np.ndarray) -> None:
    every_label = sample(photos[:9], np.zeros(LABELS))
    precisions = measure_precisions(folder, every_label, list(photos[:2]))
    assert [each.precision for each in precisions.measured if each.offered] == ["fp32"]
    zeros = np.zeros((10, 1), np.float32)
    exact = _Judged(zeros, zeros[:1], np.ones((10, 1), bool), micro_f1=1.0)
    few = replace(exact, tags=exact.tags[:9])
    assert (_is_as_good(exact, exact), _is_as_good(few, few)) == (True, False)


def test_what_is_known_is_not_computed_again(folder: Path, photos: np.ndarray) -> None:
    known = np.full((len(photos), LABELS), 0.25, np.float32)
    known_sample = replace(sample(photos, np.full(LABELS, 0.5)), known_scores=known)
    alone = measure_precisions(folder, known_sample, list(photos[:2]), ["fp32"])
    assert [each.precision for each in alone.measured] == ["fp32"]
    assert alone.measured[0].offered
    assert not (folder / INT8_MODEL).exists()


def test_tags_equal_counts_tags_that_are_given() -> None:
    one = np.array([[True, False, False], [True, True, False]])
    other = np.array([[True, False, False], [True, False, True]])
    assert tags_equal(one, one) == 1.0
    assert tags_equal(one, other) == pytest.approx(2 / 4)
    assert tags_equal(np.zeros((2, 3), dtype=bool), np.zeros((2, 3), dtype=bool)) == 1.0
