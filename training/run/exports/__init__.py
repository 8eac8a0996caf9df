"""The weights of a finished run in the formats that other tools read, beside its model.onnx."""

from typing import Literal, get_args

# A safetensors file and torch's own state dict in the bundle; a checkpoint of Lightning's.
Format = Literal["safetensors", "pth", "ckpt"]
FORMATS: tuple[Format, ...] = get_args(Format)
