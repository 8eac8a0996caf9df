import pytest
import torch
from torch import Tensor, nn

from bench.recipes.recipe import Head
from bench.recipes.recipe_network import body_parts, build_network, let_learn
from training.model.network import Backbone, Normalisation


def tiny_body() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3),
        nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1),
    )  # fmt: skip


def kinds(head: Head) -> list[str]:
    normalisation = Normalisation((0.5,) * 3, (0.5,) * 3)
    network = build_network(Backbone(tiny_body(), 4, normalisation), head, labels=2)
    return [type(layer).__name__ for layer in network.head.children()]


def test_a_plain_head_is_one_layer() -> None:
    assert kinds(Head()) == ["Dropout", "Linear"]


def test_a_hidden_layer_comes_with_its_relu_and_norms() -> None:
    head = Head(hidden_widths=(8,), dropouts=(0.25, 0.5), batch_norm=True)
    layer = ["BatchNorm1d", "Dropout", "Linear"]
    assert kinds(head) == [*layer, "ReLU", *layer]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_parts_are_equal_in_order_and_hold_every_weight_once(count: int) -> None:
    body = tiny_body()
    parts = body_parts(body, count)
    assert len(parts) == count
    together = [id(weight) for part in parts for weight in part]
    assert together == [id(weight) for weight in body.parameters()]
    assert max(map(len, parts)) - min(map(len, parts)) <= 2  # one layer


def test_no_part_of_a_frozen_body_is_needed() -> None:
    assert body_parts(tiny_body(), 0) == []


def running_mean(body: nn.Module) -> Tensor:
    return body.get_buffer("1.running_mean")


def test_what_may_learn_does() -> None:
    body = tiny_body()
    let_learn(body, "batch-norm")
    learning = {name for name, weight in body.named_parameters() if weight.requires_grad}
    assert learning == {"1.weight", "1.bias", "4.weight", "4.bias"}
    before = running_mean(body).clone()
    body(torch.rand(2, 3, 8, 8))
    assert not torch.equal(running_mean(body), before)

    let_learn(body, "nothing")
    before = running_mean(body).clone()
    body(torch.rand(2, 3, 8, 8))
    assert torch.equal(running_mean(body), before)
    assert not any(weight.requires_grad for weight in body.parameters())

    let_learn(body, "all")
    assert all(weight.requires_grad for weight in body.parameters())
    assert all(layer.training for layer in body.modules())
