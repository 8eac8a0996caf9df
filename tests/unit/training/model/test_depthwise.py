"""Depthwise convolutions with their own backward pass: the same gradients, whatever the shape."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.depthwise import FastDepthwise, _Depthwise

CHANNELS = 6


def gradients(
    convolution: nn.Conv2d, pixels: Tensor, *, fast: bool, bf16: bool = False
) -> list[Tensor]:
    convolution.zero_grad()
    pixels = pixels.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        if fast:
            with FastDepthwise():
                output = convolution(pixels)
        else:
            output = convolution(pixels)
    # Not all alike: an output's gradient must reach the right pixels.
    weights = torch.linspace(-1, 1, output.numel()).view_as(output)
    (output.float() * weights).sum().backward()
    assert pixels.grad is not None
    return [output, pixels.grad, *(each.grad for each in convolution.parameters())]


@pytest.mark.parametrize("side_px", [9, 12])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [(3, 1, 1), (3, 2, 1), (3, 2, 0), (5, 1, 2), (5, 2, 0), (5, 2, 2), (7, 3, 1), (1, 2, 0)],
)
def test_gradients_are_torchs_own(
    kernel: int, stride: int, padding: int, bias: bool, side_px: int
) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(CHANNELS, CHANNELS, kernel, stride, padding, groups=CHANNELS, bias=bias)
    pixels = torch.randn(2, CHANNELS, side_px, side_px + 1)
    for ours, torchs in zip(
        gradients(layer, pixels, fast=True), gradients(layer, pixels, fast=False), strict=True
    ):
        torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kernel", [3, 5])
def test_in_bf16_they_are_as_good_as_torchs(kernel: int) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(CHANNELS, CHANNELS, kernel, 2, kernel // 2, groups=CHANNELS, bias=False)
    pixels = torch.randn(4, CHANNELS, 16, 16)
    exact = gradients(layer, pixels, fast=False)
    ours = gradients(layer, pixels, fast=True, bf16=True)
    torchs = gradients(layer, pixels, fast=False, bf16=True)
    for right, own, other in zip(exact, ours, torchs, strict=True):
        assert (own - right).norm() <= 1.1 * (other - right).norm() + 1e-6


def test_other_convolutions_go_their_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    apply = _Depthwise.apply

    def noted(*given: Any) -> Any:
        taken.append(given[1].shape)
        return apply(*given)

    monkeypatch.setattr(_Depthwise, "apply", noted)
    pixels = torch.randn(1, CHANNELS, 8, 8)
    with FastDepthwise():
        functional.conv2d(pixels, torch.randn(4, CHANNELS, 3, 3), None, (1, 1), (1, 1), (1, 1), 1)
        nn.Conv2d(CHANNELS, CHANNELS, 3, groups=2)(pixels)
        nn.Conv2d(CHANNELS, CHANNELS, 3, dilation=2, groups=CHANNELS)(pixels)
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding="same", groups=CHANNELS)(pixels)
        assert taken == []
        nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS)(pixels)
        assert taken == [(CHANNELS, 1, 3, 3)]


def test_no_gradient_is_computed_of_what_is_frozen() -> None:
    layer = nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS).requires_grad_(False)
    pixels = torch.randn(1, CHANNELS, 8, 8, requires_grad=True)
    with FastDepthwise():
        layer(pixels).sum().backward()
    assert layer.weight.grad is None
    assert pixels.grad is not None
