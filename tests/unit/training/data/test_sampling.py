"""What an epoch shows, in which order, and how processes share it."""

import math
from collections import Counter
from itertools import chain

import numpy as np
import pytest

from hangtag.arrays import FloatArray
from training.data import sampling
from training.data.sampling import EpochSampler, ShareSampler, draw, draws_of_photos

COUNT = 23


def plain(seed: int = 7, processes: int = 1) -> EpochSampler:
    return EpochSampler(np.ones(COUNT, np.float32), seed, processes)


def order(sampler: EpochSampler, epoch: int) -> list[int]:
    sampler.set_epoch(epoch)
    return list(sampler)


def test_an_epoch_shows_each_photo_once_in_an_order_of_its_own() -> None:
    sampler = plain()
    first, second = order(sampler, 0), order(sampler, 1)
    assert sorted(first) == sorted(second) == list(range(COUNT))
    assert first != second
    assert first != sorted(first)


def test_seed_and_epoch_decide_the_order_whatever_came_before() -> None:
    sampler = plain()
    orders = [order(sampler, epoch) for epoch in range(4)]
    assert order(plain(), 3) == orders[3]
    assert order(plain(seed=8), 3) != orders[3]


# Several processes


def shares(monkeypatch: pytest.MonkeyPatch, processes: int, epoch: int = 2) -> list[list[int]]:
    found = []
    for process in range(processes):
        monkeypatch.setattr(sampling, "process_number", lambda process=process: process)
        found.append(order(plain(processes=processes), epoch))
    return found


def test_processes_get_disjoint_shares_of_equal_size(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shares(monkeypatch, processes=3)
    assert [len(share) for share in found] == [7, 7, 7]
    assert len(set().union(*found)) == 21


def test_a_share_is_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(plain(processes=4)) == len(shares(monkeypatch, processes=4)[0]) == 5


def test_each_photo_is_validated_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for process in range(3):
        monkeypatch.setattr(sampling, "process_number", lambda process=process: process)
        sampler = ShareSampler(8, processes=3)
        found.append(list(sampler))
        assert len(sampler) == len(found[-1])
    assert sorted(chain(*found)) == list(range(8))
    assert found[1] == [1, 4, 7]


# Rare labels


def targets() -> FloatArray:
    """100 photos: 99 with a common label, 10 of them with a rare one too, 2 with the rarest."""
    matrix = np.zeros((100, 3), np.float32)
    matrix[:99, 0] = 1
    matrix[:10, 1] = 1
    matrix[:2, 2] = 1
    matrix[50:, 2] = math.nan
    return matrix


def test_photos_are_drawn_by_their_rarest_label() -> None:
    draws = draws_of_photos(targets(), 40)
    assert draws[:2].tolist() == [20, 20]
    assert draws[2:10].tolist() == [4] * 8
    # Common labels are neither repeated nor thinned out.
    assert draws[10:].tolist() == [1] * 90


def test_without_balancing_each_photo_is_drawn_once() -> None:
    assert draws_of_photos(targets(), None).tolist() == [1] * 100


def test_an_epoch_draws_as_often_as_it_is_told() -> None:
    sampler = EpochSampler(draws_of_photos(targets(), 40), seed=7)
    drawn = Counter(order(sampler, 0))
    assert drawn[0] == drawn[1] == 20
    assert {drawn[photo] for photo in range(2, 10)} == {4}
    assert {drawn[photo] for photo in range(10, 100)} == {1}
    assert len(sampler) == 40 + 32 + 90


def test_parts_of_a_draw_are_rounded_by_chance() -> None:
    draws = np.full(30, 1.4, np.float32)
    counts = [Counter(draw(draws, np.random.default_rng(seed)).tolist()) for seed in range(200)]
    assert all(sum(each.values()) == 42 for each in counts)
    assert {count for each in counts for count in each.values()} == {1, 2}
    average = np.mean([[each[photo] for photo in range(30)] for each in counts], axis=0)
    assert np.abs(average - 1.4).max() < 0.15
