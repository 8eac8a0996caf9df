"""Random numbers of each batch, by the place of the batch in its run alone."""

import numpy as np
import torch

from training.data.process import process_number


class BatchSeeds:
    """Seeds torch before each batch of a run: one that is gone on with draws the same numbers.

    Once an epoch would not do: Lightning draws some before the first batch of some epochs.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._epoch = self._batch = 0

    def begin_epoch(self, epoch: int) -> None:
        """Count batches anew."""
        self._epoch, self._batch = epoch, 0

    def next_batch(self) -> None:
        """Seed torch for the next batch of the epoch, in this process."""
        seed = batch_seed(self._seed, self._epoch, self._batch, process_number())
        torch.manual_seed(seed)
        self._batch += 1


def batch_seed(seed: int, epoch: int, batch: int, process: int) -> int:
    """Return a seed that hardly any other batch of a run has."""
    return int(np.random.SeedSequence([seed, epoch, batch, process]).generate_state(1)[0])
