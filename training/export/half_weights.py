"""model.onnx with its weights stored in 16 bits: a file of half the size for the same network."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Biases and the like: too small to be worth a node.
_FEWEST_NUMBERS = 256


def halve_weights(model: Path) -> None:
    """Store the large fp32 weights of an ONNX file in fp16, in place.

    The network computes in fp32 as before: each weight, rounded to 11 bits, is cast back, which
    runtimes do once, when they load it.
    """
    network = onnx.load(model)
    graph = network.graph
    weights = list(graph.initializer)
    large = [tensor for tensor in weights if _is_large(tensor)]
    for tensor in large:
        graph.initializer.remove(tensor)
        half = numpy_helper.to_array(tensor).astype(np.float16)
        graph.initializer.append(numpy_helper.from_array(half, f"{tensor.name}.half"))
    casts = [
        helper.make_node("Cast", [f"{tensor.name}.half"], [tensor.name], to=TensorProto.FLOAT)
        for tensor in large
    ]
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(network, model)


def _is_large(tensor: TensorProto) -> bool:
    return tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= _FEWEST_NUMBERS
