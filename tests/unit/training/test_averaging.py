from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training.averaging import ema_callback


class Counted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("indices", torch.arange(1000))


def averaged_over(values: list[float], decay: float) -> AveragedModel:
    model = Counted()
    average = ema_callback(decay)._kwargs["avg_fn"]
    averaged = AveragedModel(model, avg_fn=average, use_buffers=True)
    for value in values:
        model.weight.data.fill_(value)
        averaged.update_parameters(model)
    return averaged


def test_a_short_run_forgets_where_it_began() -> None:
    averaged = averaged_over([100.0] + [1.0] * 60, decay=0.999)
    assert averaged.module.weight.item() == pytest.approx(1.0, abs=0.01)


def test_a_long_run_averages_over_as_many_steps_as_the_decay_says() -> None:
    averaged = averaged_over([0.0] * 200 + [1.0] * 10, decay=0.9)
    assert averaged.module.weight.item() == pytest.approx(1 - 0.9**10, abs=1e-4)


def test_integers_among_the_buffers_stay_what_they_are() -> None:
    averaged = averaged_over([0.3] * 50, decay=0.999)
    assert torch.equal(averaged.module.indices, torch.arange(1000))
