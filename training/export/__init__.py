"""A trained network to a bundle: ONNX, weights, number formats."""
