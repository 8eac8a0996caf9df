"""The same picture for several products, and what its labels are worth."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hangtag.label_space import parse_label_space
from training.data import (
    NearDuplicateAgreement,
    ProductPhoto,
    near_duplicate_agreement,
    near_duplicate_pairs,
)
from training.data.fingerprints import fingerprint

SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [
            {"name": "colour", "title": "Colour", "exclusive": True},
            {"name": "size", "title": "Size", "exclusive": True},
            {"name": "tone", "title": "Tone"},
        ],
        "labels": [
            {"id": "red", "name": "Red", "group": "colour"},
            {"id": "blue", "name": "Blue", "group": "colour"},
            {"id": "bright", "name": "Bright", "group": "tone"},
        ],
    }
)
RED, BLUE, NEITHER, UNKNOWN = (1, 0), (0, 1), (0, 0), (np.nan, np.nan)


def targets(*colours: tuple[float, float]) -> np.ndarray:
    return np.array([(*colour, 1) for colour in colours], np.float32)


def test_twins_are_the_same_picture_of_different_products(
    draw: Callable[..., Image.Image],
) -> None:
    prints = [fingerprint(draw(seed)) for seed in (1, 1, 2, 1)]
    photos = [
        ProductPhoto(Path(f"{n}.jpg"), product_id, "", "", frozenset(), frozenset(), None)
        for n, product_id in enumerate("ABCA")
    ]
    hashes = np.array([each.hash64 for each in prints], np.uint64)
    pairs = near_duplicate_pairs(photos, hashes, np.array([each.colours for each in prints]))
    # The last is another photo file of product A.
    assert pairs.tolist() == [[0, 1], [1, 3]]


def test_a_photos_twins_count_as_much_as_its_one_twin() -> None:
    """Photos 0 to 2 are one picture, red, red and blue; 3 and 4 another, both blue."""
    pairs = np.array([[0, 1], [0, 2], [1, 2], [3, 4]])
    found = near_duplicate_agreement(pairs, targets(RED, RED, BLUE, BLUE, BLUE), SPACE)
    agreement = (0.5 + 0.5 + 0 + 1 + 1) / 5
    assert found == {"colour": NearDuplicateAgreement(photos=5, agreement=agreement, ceiling=4 / 5)}


def test_only_twins_that_both_have_a_label_count() -> None:
    pairs = np.array([[0, 1], [0, 2], [3, 4]])
    found = near_duplicate_agreement(pairs, targets(RED, NEITHER, UNKNOWN, RED, RED), SPACE)
    assert found["colour"] == NearDuplicateAgreement(photos=2, agreement=1, ceiling=1)
    assert near_duplicate_agreement(pairs[:2], targets(RED, NEITHER, UNKNOWN), SPACE) == {}
    assert near_duplicate_agreement(np.zeros((0, 2), np.int64), targets(RED), SPACE) == {}


def test_a_picture_in_every_colour_can_be_right_once() -> None:
    """Its twins never agree, and still one answer is right."""
    names = ("red", "green", "blue")
    document = {
        "version": "1",
        "groups": [{"name": "colour", "title": "Colour", "exclusive": True}],
        "labels": [{"id": each, "name": each, "group": "colour"} for each in names],
    }
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    found = near_duplicate_agreement(
        pairs, np.eye(3, dtype=np.float32), parse_label_space(document)
    )
    assert found == {"colour": NearDuplicateAgreement(photos=3, agreement=0, ceiling=1 / 3)}


def test_twins_of_twins_are_one_picture() -> None:
    """The first and the last look alike only by way of the one between."""
    found = near_duplicate_agreement(np.array([[0, 1], [1, 2]]), targets(RED, BLUE, RED), SPACE)[
        "colour"
    ]
    assert found.ceiling == pytest.approx(2 / 3)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.95])
def test_the_best_answer_stays_below_the_ceiling(share: float) -> None:
    """Every picture is red with a probability of `share`, whatever it shows."""
    rng = np.random.default_rng(0)
    red = rng.random(4000) < share
    labels = targets(*(RED if each else BLUE for each in red))
    found = near_duplicate_agreement(np.arange(4000).reshape(-1, 2), labels, SPACE)["colour"]
    assert found.agreement == pytest.approx(share**2 + (1 - share) ** 2, abs=0.03)
    assert found.ceiling is not None
    assert share <= found.ceiling + 0.01
    assert found.agreement <= found.ceiling
