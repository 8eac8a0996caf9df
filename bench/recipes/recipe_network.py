"""A recipe's network: the run's backbone under the recipe's head."""

from itertools import pairwise

import numpy as np
from torch import nn

from bench.recipes.recipe import Head, Learning
from training.model.network import Backbone, TaggerNetwork


def build_network(backbone: Backbone, head: Head, labels: int) -> TaggerNetwork:
    """Return a network from photos to logits (B, labels), without what the recipe does not have."""
    network = TaggerNetwork(backbone, labels, dropout=0.0)
    network.head = _build_head(backbone.width, head, labels)
    return network


def _build_head(width: int, head: Head, labels: int) -> nn.Module:
    layers: list[nn.Module] = []
    widths = pairwise((width, *head.hidden_widths, labels))
    for (before, after), dropout in zip(widths, head.dropouts, strict=True):
        layers += [nn.ReLU()] if layers else []
        layers += [nn.BatchNorm1d(before)] if head.batch_norm else []
        layers += [nn.Dropout(dropout), nn.Linear(before, after)]
    return nn.Sequential(*layers)


def body_parts(body: nn.Module, count: int) -> list[list[nn.Parameter]]:
    """Return the weights of `count` equal parts of the body, its layers as they are defined."""
    layers = [layer for layer in body.modules() if list(layer.parameters(recurse=False))]
    ends = np.linspace(0, len(layers), count + 1).astype(int)
    return [
        [weight for layer in layers[start:end] for weight in layer.parameters(recurse=False)]
        for start, end in pairwise(ends)
    ]


def let_learn(body: nn.Module, learning: Learning) -> None:
    """Freeze and free the body; what is frozen keeps its batch-norm statistics too."""
    body.requires_grad_(learning == "all").train(learning == "all")
    if learning == "batch-norm":
        for layer in body.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                layer.requires_grad_(True).train()
