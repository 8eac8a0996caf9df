"""What is random in a batch, and what decides it."""

from itertools import product

import torch

from training.data.batch_seeds import BatchSeeds, batch_seed


def drawn(seeds: BatchSeeds, epoch: int, batches: int) -> list[float]:
    seeds.begin_epoch(epoch)
    numbers = []
    for _ in range(batches):
        seeds.next_batch()
        numbers.append(torch.rand(1).item())
    return numbers


def test_no_two_batches_or_processes_share_a_seed() -> None:
    places = list(product(range(10), range(10), range(4)))
    assert len({batch_seed(7, *place) for place in places}) == len(places)
    assert batch_seed(7, 3, 2, 1) == batch_seed(7, 3, 2, 1) != batch_seed(8, 3, 2, 1)


def test_a_batch_draws_the_same_whatever_was_drawn_before() -> None:
    whole = [drawn(BatchSeeds(7), epoch, 3) for epoch in range(3)]
    assert len({number for numbers in whole for number in numbers}) == 9
    torch.rand(5)
    assert drawn(BatchSeeds(7), 2, 3) == whole[2]
    assert drawn(BatchSeeds(8), 2, 3) != whole[2]
