"""MixUp: a network that sees two photos through each other learns how much there is of each.

Zhang et al. 2017, https://arxiv.org/abs/1710.09412. As in the authors' code, the loss is mixed
rather than the targets: cross-entropy is linear in them, and a loss that knows hard targets only
(what a hierarchy allows, what is unknown) needs no second form.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.distributions import Beta


class MixedTargets(NamedTuple):
    """What mixed photos show: `share` of the first targets (B, L), the rest of the second."""

    first: Tensor
    second: Tensor
    share: float


def mix(pixels: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, MixedTargets]:
    """Mix each photo (B, 3, S, S) of a batch with another one of it.

    The share is drawn from Beta(alpha, alpha), once for the batch. Labels that are unknown (NaN) of
    either photo are unknown of the mixed one.
    """
    share = float(Beta(alpha, alpha).sample())
    partners = torch.randperm(len(pixels), device=pixels.device)
    mixed = share * pixels + (1 - share) * pixels[partners]
    second = targets[partners]
    unknown = targets.isnan() | second.isnan()
    return mixed, MixedTargets(
        targets.masked_fill(unknown, torch.nan), second.masked_fill(unknown, torch.nan), share
    )


def mixed_loss(
    loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, targets: Tensor | MixedTargets
) -> Tensor:
    """Return the loss of logits (B, L), a scalar, weighted by how much there is of each photo."""
    if isinstance(targets, Tensor):
        return loss(logits, targets)
    first, second, share = targets
    return share * loss(logits, first) + (1 - share) * loss(logits, second)
