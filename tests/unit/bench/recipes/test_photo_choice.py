import math
from collections import Counter

import numpy as np
import pytest

from bench.recipes.photo_choice import balance, most_specific_group
from hangtag.label_space import parse_label_space

SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [
            {"name": "sex", "title": "Sex", "exclusive": True},
            {"name": "type", "title": "Type", "exclusive": True},
            {"name": "tags", "title": "Tags", "exclusive": False},
        ],
        "labels": [
            *({"id": f"s{i}", "name": f"s{i}", "group": "sex"} for i in range(2)),
            *({"id": f"t{i}", "name": f"t{i}", "group": "type"} for i in range(3)),
            *({"id": f"g{i}", "name": f"g{i}", "group": "tags"} for i in range(4)),
        ],
    }
)
# 20 photos of the first type, 9 of the second, 1 of the third, then one unknown and one of none.
TYPES = [0] * 20 + [1] * 9 + [2]
ROWS = np.arange(10, 42)


@pytest.fixture
def targets() -> np.ndarray:
    targets = np.zeros((50, len(SPACE)), np.float32)
    targets[10 + np.arange(30), 2 + np.array(TYPES)] = 1
    targets[40, 2:5] = math.nan
    return targets


def test_the_most_specific_group_is_the_exclusive_one_with_the_most_labels() -> None:
    assert most_specific_group(SPACE) == "type"
    assert most_specific_group(parse_label_space({"1": "Tee"})) is None


def test_labels_become_equally_frequent(targets: np.ndarray) -> None:
    chosen = balance(ROWS, targets, SPACE, seed=7)
    drawn = Counter(TYPES[row - 10] for row in chosen if row < 40)
    assert drawn == {0: 10, 1: 10, 2: 10}
    times = Counter(chosen.tolist())
    assert max(times[row] for row in range(10, 30)) == 1  # frequent ones are drawn, not repeated
    assert sorted(times[row] for row in range(30, 39)) == [1] * 8 + [2]
    assert times[39] == 10
    assert (times[40], times[41]) == (1, 1)


def test_the_seed_decides_what_is_drawn(targets: np.ndarray) -> None:
    chosen = [balance(ROWS, targets, SPACE, seed).tolist() for seed in (7, 7, 8)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_without_labels_to_balance_by_photos_stay_as_they_are(targets: np.ndarray) -> None:
    assert balance(ROWS, np.zeros_like(targets), SPACE, seed=7) is ROWS
