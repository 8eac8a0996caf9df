import random

import pytest

from chaos.fuzzing.mutations import MUTATIONS, Mutation, mutate, splice
from chaos.fuzzing.photo_files import sound_photos
from hangtag.images.decode import ImageLimits, decode_image

SEEDS = range(50)


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret is made here


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("data", [b"x", b"xy", bytes(range(256))], ids=len)
def test_a_mutation_takes_any_bytes_and_stays_small(mutation: Mutation, data: bytes) -> None:
    for seed in SEEDS:
        changed = mutation(chance(seed), data)
        assert isinstance(changed, bytes)
        assert len(changed) <= len(data) + 100 * 64


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_a_mutation_changes_something(mutation: Mutation) -> None:
    data = bytes(range(1, 256))
    assert any(mutation(chance(seed), data) != data for seed in SEEDS)


def test_the_same_chance_mutates_alike() -> None:
    photo, others = sound_photos()[0], sound_photos()[:3]
    for seed in SEEDS:
        first = mutate(chance(seed), photo, others)
        assert mutate(chance(seed), photo, others) == first


def test_a_splice_begins_as_one_and_ends_as_the_other() -> None:
    for seed in SEEDS:
        spliced = splice(chance(seed), b"a" * 50, b"b" * 50)
        assert spliced == b"a" * spliced.count(b"a") + b"b" * spliced.count(b"b")


def test_what_is_to_be_broken_is_sound() -> None:
    formats = set()
    for data in sound_photos():
        assert decode_image(data, ImageLimits(), 32).facts.width_px == 40
        formats.add(data[:4])
    assert len(formats) > 6
