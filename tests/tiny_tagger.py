"""A bundle small enough for every test: its network sees nothing but the mean colour.

Labels: colour (exclusive) Red 11, Green 12, Blue 13 with logit 40 * (share of the channel - 0.5),
and tone (several) Bright "b", with a logit that grows with the brightness.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from hangtag.bundle import (
    LABELS,
    MODEL,
    Bundle,
    DatasetIdentity,
    GoldenInput,
    LabelDecision,
    Manifest,
    seal_bundle,
)
from hangtag.engine import load_engine
from hangtag.images.decode import ImageLimits, Preprocessing, decode_image
from hangtag.label_space import LabelSpace, parse_label_space
from hangtag.scoring.scorer import GroupScoring, Scorer

SIZE_PX = 32
RED, GREEN, BLUE, GREY = (250, 20, 20), (20, 250, 20), (20, 20, 250), (128, 128, 128)


def tiny_label_space() -> LabelSpace:
    return parse_label_space(
        {
            "version": "2026.1",
            "groups": [
                {"name": "warmth", "title": "Warmth", "exclusive": True},
                {"name": "colour", "title": "Colour", "exclusive": True, "parent": "warmth"},
                {"name": "tone", "title": "Tone", "exclusive": False},
            ],
            "labels": [
                {"id": 1, "name": "Warm", "group": "warmth"},
                {"id": 11, "name": "Red", "group": "colour", "parent": 1},
                {"id": 12, "name": "Green", "group": "colour"},
                {"id": 13, "name": "Blue", "group": "colour"},
                {"id": "b", "name": "Bright", "group": "tone"},
            ],
        }
    )


def tiny_scoring() -> tuple[GroupScoring, ...]:
    return tuple(GroupScoring(group=group.name) for group in tiny_label_space().groups)


def photo(
    colour: tuple[int, int, int] = RED, size: tuple[int, int] = (48, 48), **save: Any
) -> bytes:
    """The bytes of a photo of one colour; JPEG unless `format` says otherwise."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, **{"format": "JPEG", "quality": 95, **save})
    return buffer.getvalue()


def write_tiny_bundle(folder: Path) -> Bundle:
    label_space = tiny_label_space()
    folder.mkdir(parents=True)
    (folder / LABELS).write_text(label_space.to_json(), encoding="utf-8")
    _write_network(folder / MODEL)
    (folder / "golden").mkdir()
    golden = []
    for number, colour in enumerate((RED, GREEN, BLUE)):
        name = f"golden/{number}.jpg"
        (folder / name).write_bytes(photo(colour, (SIZE_PX, SIZE_PX)))
        golden.append(GoldenInput(file=name, scores=_scores(folder, name)))
    manifest = Manifest(
        created="2026-01-01T00:00:00+00:00",
        backbone="mean-colour",
        preprocessing=Preprocessing(size_px=SIZE_PX),
        normalisation={"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
        scoring=tiny_scoring(),
        target_precision=0.95,
        decisions=tuple(
            LabelDecision(id=label.id, threshold=0.5, accept_threshold=accept)
            for label, accept in zip(label_space.labels, (0.9, 0.9, 0.9, None, 0.9), strict=True)
        ),
        dataset=DatasetIdentity(source="none", sha256="sha256:0", photos=0, products=0),
        label_space_sha256=label_space.digest,
        metrics={"micro_f1": 1.0},
        training={},
        versions={},
        golden=tuple(golden),
    )
    return seal_bundle(folder, manifest)


def _scores(folder: Path, name: str) -> tuple[float, ...]:
    image = decode_image((folder / name).read_bytes(), ImageLimits(), SIZE_PX)
    pixels = Preprocessing(size_px=SIZE_PX).to_model_input(image.rgb)
    engine = load_engine({"fp32": folder / MODEL})
    scorer = Scorer(tiny_label_space(), tiny_scoring())
    return tuple(float(s) for s in scorer.scores(engine.run(pixels[None]).logits)[0])


def _write_network(path: Path) -> None:
    # embedding = mean RGB in [0, 1], (B, 3); logits = embedding @ weights + bias, (B, 5)
    weights = np.array(
        [[9, 9, -9, -9, 9], [-9, -9, 9, -9, 9], [-9, -9, -9, 9, 9]], dtype=np.float32
    )
    bias = np.array([-3, -3, -3, -3, -15], dtype=np.float32)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled", "axes"], ["embedding"], keepdims=0),
        helper.make_node("Gemm", ["embedding", "weights", "bias"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mean-colour",
        [
            helper.make_tensor_value_info(
                "pixels", TensorProto.UINT8, ["batch", 3, SIZE_PX, SIZE_PX]
            )
        ],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 5]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 3]),
        ],
        [
            numpy_helper.from_array(np.array(1 / 255, dtype=np.float32), "scale"),
            numpy_helper.from_array(np.array([2, 3], dtype=np.int64), "axes"),
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
