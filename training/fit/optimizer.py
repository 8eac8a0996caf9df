"""The optimiser of every training, and how its learning rates rise and fall."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch.optim import AdamW
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR


def make_optimizer(
    groups: Iterable[Any], schedule: Callable[[AdamW], LRScheduler] | None = None, **options: Any
) -> Any:
    """Return AdamW, which without decay is Adam, and its schedule as Lightning takes them.

    Parameters
    ----------
    groups : of parameters, each with its learning rate `lr`
    schedule : of their rates, set a step; None: they stay as they are
    options : of AdamW
    """
    optimizer = AdamW(groups, **options)
    if schedule is None:
        return optimizer
    return {
        "optimizer": optimizer,
        "lr_scheduler": {"scheduler": schedule(optimizer), "interval": "step"},
    }


def momentum_cycle(optimizer: AdamW, steps: int, **options: Any) -> OneCycleLR:
    """Return a cycle up to the groups' rates and down, with the momentum the other way round.

    options : of torch's OneCycleLR
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, rates, total_steps=steps, **options)


def one_cycle(progress: float, warm_up: float = 0.25) -> float:
    """Return the share of the top learning rate at a progress in [0, 1] of a run.

    Cosine up from 1/25, then down to 1/10,000 (Smith & Topin 2017, https://arxiv.org/abs/1708.07120).
    """
    if progress < warm_up:
        return _cosine(1 / 25, 1.0, progress / warm_up)
    return _cosine(1.0, 1e-4, min(1.0, (progress - warm_up) / (1 - warm_up)))


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
