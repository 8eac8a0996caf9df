import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, TensorDataset

from training.fit.callbacks import EarlyStop, ExponentialAveraging


class Counted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("indices", torch.arange(1000))


class Straight(pl.LightningModule):
    """A line that learns to be 0 everywhere."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.line = nn.Linear(2, 1)

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        loss: torch.Tensor = self.line(batch[0]).square().mean()
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.05)


def fit(folder: Path, checkpoint: Path | None = None) -> torch.Tensor:
    module = Straight()
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[
            ModelCheckpoint(folder, filename="{epoch}", save_top_k=-1),
            ExponentialAveraging(0.9),
        ],
    )
    photos = torch.linspace(-1, 1, 32).view(16, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies and of workers
        trainer.fit(
            module, DataLoader(TensorDataset(photos), 4), ckpt_path=checkpoint, weights_only=True
        )
    return module.line.weight.detach().clone()


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_run_gone_on_with_ends_as_one_that_was_not_interrupted(
    tmp_path: Path, epoch: int
) -> None:
    whole = fit(tmp_path / "whole")
    resumed = fit(tmp_path / "resumed", tmp_path / "whole" / f"epoch={epoch}.ckpt")
    torch.testing.assert_close(resumed, whole)


def averaged_over(values: list[float], decay: float) -> AveragedModel:
    model = Counted()
    average = ExponentialAveraging(decay)._average
    averaged = AveragedModel(model, avg_fn=average, use_buffers=True)
    for value in values:
        model.weight.data.fill_(value)
        averaged.update_parameters(model)
    return averaged


def test_a_short_run_forgets_where_it_began() -> None:
    averaged = averaged_over([100.0] + [1.0] * 60, decay=0.999)
    assert averaged.module.get_parameter("weight").item() == pytest.approx(1.0, abs=0.01)


def test_a_long_run_averages_over_as_many_steps_as_the_decay_says() -> None:
    averaged = averaged_over([0.0] * 200 + [1.0] * 10, decay=0.9)
    assert averaged.module.get_parameter("weight").item() == pytest.approx(1 - 0.9**10, abs=1e-4)


def test_integers_among_the_buffers_stay_what_they_are() -> None:
    averaged = averaged_over([0.3] * 50, decay=0.999)
    assert torch.equal(averaged.module.get_buffer("indices"), torch.arange(1000))


def test_a_run_of_an_earlier_release_keeps_its_patience() -> None:
    # As Lightning looks it up in a checkpoint, where it had another name.
    assert EarlyStop(3).state_key == "Patience{'monitor': 'val_micro_f1', 'mode': 'max'}"
