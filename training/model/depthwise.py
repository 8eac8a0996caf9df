"""Depthwise convolutions that learn fast on CPUs.

Where a kernel is 5 x 5, a stride is 2 or the number format is bf16, torch's backward pass
(oneDNN's) falls back to plain loops: in EfficientNets it takes two thirds of a training step. Here
the gradient of the input is a forward convolution of the output's gradient, with zeros between its
pixels where the stride skipped some, and large kernels' gradients are taken in fp32, which has fast
loops. (Dumoulin & Visin 2016, https://arxiv.org/abs/1603.07285, section 4.)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Pair = tuple[int, int]

# From this kernel side on, bf16 gradients of kernels are slower than fp32 ones.
_SLOW_IN_BF16 = 5


class FastDepthwise(TorchFunctionMode):
    """Within it, depthwise convolutions of tensors on a CPU take this module's backward pass."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what `func` does, by a faster way where there is one."""
        kwargs = kwargs or {}
        if func is functional.conv2d and not kwargs and _is_depthwise(*args):
            pixels, weight, bias, stride, padding = args[:5]
            convolved = _Depthwise.apply(*_as_autocast(pixels, weight), stride, padding)
            return convolved if bias is None else convolved + bias[:, None, None].to(convolved)
        return func(*args, **kwargs)


def _is_depthwise(
    pixels: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,  # noqa: ARG001 - conv2d's
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> bool:
    """Say whether this is a depthwise convolution on a CPU, called as modules do."""
    height, width = weight.shape[-2:]
    return (
        pixels.device.type == "cpu"
        and groups == pixels.shape[1] == len(weight) > 1
        and isinstance(stride, tuple)
        and isinstance(padding, tuple)
        and tuple(dilation) == (1, 1)
        and all(pad < side for pad, side in zip(padding, (height, width), strict=True))
    )


def _as_autocast(*tensors: Tensor) -> list[Tensor]:
    if not torch.is_autocast_enabled("cpu"):
        return list(tensors)
    return [each.to(torch.get_autocast_dtype("cpu")) for each in tensors]


class _Depthwise(torch.autograd.Function):
    """(B, C, H, W) and kernels (C, 1, k, k) -> (B, C, H', W')."""

    @staticmethod
    def forward(ctx: Any, pixels: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
        ctx.save_for_backward(pixels, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(pixels, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        pixels, weight = ctx.saved_tensors
        for_pixels, for_weight, *_ = ctx.needs_input_grad
        return (
            _of_pixels(gradient, weight, pixels, ctx.stride, ctx.padding) if for_pixels else None,
            _of_weight(gradient, weight, pixels, ctx.stride, ctx.padding) if for_weight else None,
            None,
            None,
        )


def _of_pixels(
    gradient: Tensor, weight: Tensor, pixels: Tensor, stride: Pair, padding: Pair
) -> Tensor:
    kernel = weight.shape[-2:]
    if stride != (1, 1):
        # (H', W') without a stride; what it skipped has no gradient.
        sides = [
            side + 2 * pad - reach + 1
            for side, pad, reach in zip(pixels.shape[-2:], padding, kernel, strict=True)
        ]
        shape = (*gradient.shape[:2], *sides)
        spread = torch.empty(shape, dtype=gradient.dtype, memory_format=torch.channels_last).zero_()
        spread[:, :, :: stride[0], :: stride[1]] = gradient
        gradient = spread
    around = [side - 1 - pad for side, pad in zip(kernel, padding, strict=True)]
    return functional.conv2d(gradient, weight.flip(2, 3), None, 1, around, 1, len(weight))


def _of_weight(
    gradient: Tensor, weight: Tensor, pixels: Tensor, stride: Pair, padding: Pair
) -> Tensor:
    dtype = torch.float32 if weight.shape[-1] >= _SLOW_IN_BF16 else weight.dtype
    _, of_weight, _ = torch.ops.aten.convolution_backward(
        gradient.to(dtype), pixels.to(dtype), weight.to(dtype), None,
        stride, padding, [1, 1], False, [0, 0], len(weight), [False, True, False],
    )  # fmt: skip
    return cast("Tensor", of_weight.to(weight.dtype))
