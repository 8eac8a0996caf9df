"""Whether reading photos keeps up with training: steps with real photos beside steps without."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch.utils.data import DataLoader

from hangtag.files.whole_file import write_whole
from training.data.photo_dataset import Batch
from training.data.sampling import EpochSampler
from training.data.training_data import TrainingData
from training.errors import RunInterrupted
from training.fit.fine_tuning import make_module, make_tuning_trainer
from training.fit.loop import fit
from training.model.network import TaggerNetwork
from training.settings import TrainingSettings

LEAST_RATIO = 0.9
# Of each kind, one after the other: what else the machine does then slows both.
_ROUNDS = 5
_FEWEST_STEPS = 2


@dataclass(frozen=True)
class InputSpeed:
    """Training steps a second, of each round: with photos as they are read, and in memory."""

    read_steps_per_s: tuple[float, ...]
    in_memory_steps_per_s: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The share of its speed that training keeps when photos are read; median of the rounds."""
        pairs = zip(self.read_steps_per_s, self.in_memory_steps_per_s, strict=True)
        return float(np.median([read / in_memory for read, in_memory in pairs]))

    @property
    def keeps_up(self) -> bool:
        """Whether the device hardly ever waits for photos."""
        return self.ratio >= LEAST_RATIO

    def describe(self) -> str:
        """Return the figures as one sentence."""
        return (
            f"{np.median(self.read_steps_per_s):.3g} steps/s with photos as they are read, "
            f"{np.median(self.in_memory_steps_per_s):.3g} with photos in memory: a ratio of "
            f"{self.ratio:.2f}, {'at least' if self.keeps_up else 'less than'} {LEAST_RATIO:.2f}."
        )

    def write(self, path: Path) -> None:
        """Write the figures as json."""
        figures = {**asdict(self), "ratio": self.ratio, "keeps_up": self.keeps_up}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(figures, indent=1) + "\n")


def measure_input_speed(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    seconds: float,
    on_progress: Callable[[float], None],
) -> InputSpeed:
    """Train for about as many seconds; the network is spent afterwards.

    As a run's steps on one device, from the first epoch on.

    on_progress : hears the share that is done

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    """
    settings = settings.with_values({"hardware.devices": 1})
    module = make_module(network, settings, data)
    rounds = _Rounds(data.train_dataloader(settings), seconds, on_progress)
    trainer = make_tuning_trainer(settings.with_values({"schedule.epochs": 1}), callbacks=())
    try:
        fit(trainer, module, rounds)
    except RunInterrupted as error:
        raise RunInterrupted("Stopped; nothing was written.") from error
    return InputSpeed(tuple(rounds.read), tuple(rounds.in_memory))


class _Rounds:
    """Batches for a trainer, by turns read and already on the device, and the speed of each turn.

    A trainer asks for the next batch once it has done with the last.
    """

    def __init__(
        self, loader: DataLoader[Batch], seconds: float, on_progress: Callable[[float], None]
    ) -> None:
        self._read = _endless(loader)
        self._round_s = seconds / (2 * _ROUNDS)
        self._on_progress = on_progress
        self.read: list[float] = []
        self.in_memory: list[float] = []

    def __iter__(self) -> Iterator[Batch]:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        pixels, targets = next(self._read)
        noise = torch.randint_like(pixels, 0, 256).to(device), targets.to(device)
        in_memory = itertools.repeat(noise)
        # What is done only once, such as choosing kernels, would count against the first.
        yield from itertools.islice(in_memory, _FEWEST_STEPS)
        for done in range(_ROUNDS):
            yield from self._timed(self._read, self.read)
            yield from self._timed(in_memory, self.in_memory)
            self._on_progress((done + 1) / _ROUNDS)

    def _timed(self, batches: Iterator[Batch], speeds: list[float]) -> Iterator[Batch]:
        _finish_on_device()
        start, steps = time.perf_counter(), 0
        while steps < _FEWEST_STEPS or time.perf_counter() - start < self._round_s:
            yield next(batches)
            steps += 1
        _finish_on_device()
        speeds.append(steps / (time.perf_counter() - start))


def _endless(loader: DataLoader[Batch]) -> Iterator[Batch]:
    for epoch in itertools.count():
        cast(EpochSampler, loader.sampler).set_epoch(epoch)
        yield from loader


def _finish_on_device() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
