"""A network as an ONNX file, and a fitted head put into one."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from torch import nn

from hangtag.engine import load_engine
from training.model.network import TaggerNetwork

logger = logging.getLogger(__name__)

_INPUT, _OUTPUTS = "pixels", ["logits", "embedding"]
# Of the embeddings' largest: what runtimes round differently is a thousandth of it.
_TOLERANCE = 1e-3


def export_onnx(network: TaggerNetwork, size_px: int, path: Path) -> None:
    """Write model.onnx: pixels uint8 (batch, 3, S, S) -> logits, embedding; any batch size."""
    with _quietly():
        torch.onnx.export(
            network,
            (_example(size_px),),
            path,
            input_names=[_INPUT],
            output_names=_OUTPUTS,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def export_quickly(network: TaggerNetwork, size_px: int, path: Path) -> None:
    """Write what `export_onnx` writes, in a tenth of the time: by tracing.

    By torch's older exporter, which follows the network once. Where it fails, or where what it
    writes gives other outputs than the network, `export_onnx` takes its place.
    """
    try:
        _trace(network, size_px, path)
        if _agrees(path, network, size_px):
            return
        reason = "its outputs differ"
    except (RuntimeError, ValueError) as error:
        reason = str(error)
    logger.info("Exported step by step, as tracing does not do: %s", reason)
    export_onnx(network, size_px, path)


def write_head(model: Path, head: nn.Module) -> None:
    """Put the weights of a fitted head into an exported network.

    Raises
    ------
    LookupError : if the file has no such head.
    """
    exported = onnx.load(model)
    tensors = {tensor.name: tensor for tensor in exported.graph.initializer}
    for name, weights in head.state_dict(prefix="head.").items():
        tensor = onnx.numpy_helper.from_array(weights.numpy(), name)
        if tensors[name].dims != tensor.dims:
            raise LookupError(f"{name} of {model} has another shape")
        tensors[name].CopyFrom(tensor)
    onnx.save(exported, model)


def _trace(network: TaggerNetwork, size_px: int, path: Path) -> None:
    any_number = {name: {0: "batch"} for name in (_INPUT, *_OUTPUTS)}
    with _quietly():
        torch.onnx.export(
            network,
            (_example(size_px),),
            path,
            input_names=[_INPUT],
            output_names=_OUTPUTS,
            dynamic_axes=any_number,
            dynamo=False,
            verbose=False,
        )
    _fix_sizes(path, size_px)


def _fix_sizes(path: Path, size_px: int) -> None:
    """Make constants of the sizes that do not depend on how many photos there are.

    As of timm's padding, which reads them of each photo: OpenVINO ends by a division by zero where
    such a network is quantised.
    """
    model = onnx.load(path)
    graph = model.graph
    shapes = {node.output[0] for node in graph.node if node.op_type == "Shape"}
    sizes = [node for node in graph.node if node.op_type == "Gather" and node.input[0] in shapes]
    names = [node.output[0] for node in sizes]
    for node, one, three in zip(
        sizes, *(_values(model, names, photos, size_px) for photos in (1, 3)), strict=True
    ):
        if np.array_equal(one, three):
            graph.initializer.append(onnx.numpy_helper.from_array(one, node.output[0]))
            graph.node.remove(node)
    _remove_unread(graph)
    onnx.save(model, path)


def _remove_unread(graph: onnx.GraphProto) -> None:
    read = {name for node in graph.node for name in node.input}
    for node in list(graph.node):
        if node.op_type in ("Shape", "Constant") and node.output[0] not in read:
            graph.node.remove(node)


def _values(
    model: onnx.ModelProto, names: list[str], photos: int, size_px: int
) -> list[npt.NDArray[np.int64]]:
    """Return what the network computes under these names."""
    if not names:
        return []
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(
        opened.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    values: list[npt.NDArray[np.int64]] = session.run(
        names, {_INPUT: np.zeros((photos, 3, size_px, size_px), np.uint8)}
    )
    return values


def _agrees(path: Path, network: TaggerNetwork, size_px: int) -> bool:
    """Say whether the file does what the network does, for other photos and other numbers."""
    engine = load_engine({"fp32": path}, precision="fp32")
    # More than a step of the engine takes, and not as many as were traced.
    shape = (engine.max_batch_size + 1, 3, size_px, size_px)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with torch.no_grad():
        expected = [each.numpy() for each in network(torch.from_numpy(pixels))]
    given = engine.run(pixels)
    return all(
        np.abs(one - other).max() <= _TOLERANCE * np.abs(other).max()
        for one, other in zip((given.logits, given.embeddings), expected, strict=True)
    )


def _example(size_px: int) -> torch.Tensor:
    return torch.zeros(2, 3, size_px, size_px, dtype=torch.uint8)


@contextmanager
def _quietly() -> Iterator[None]:
    # Both exporters report on each of their steps, and warn of their own libraries.
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
