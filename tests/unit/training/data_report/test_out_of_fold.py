"""The parts that photos are scored in."""

import numpy as np
import pytest

from hangtag.errors import DataInvalid
from training.data_report.out_of_fold import make_folds

GROUPS = np.random.default_rng(0).integers(0, 40, 200)


def test_each_photo_is_held_out_once() -> None:
    folds = make_folds(GROUPS, 4)
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(200))
    assert all(len(learned) + len(held_out) == 200 for learned, held_out in folds)


def test_no_group_crosses() -> None:
    for learned, held_out in make_folds(GROUPS, 4):
        assert not set(GROUPS[learned]) & set(GROUPS[held_out])


def test_too_few_groups_are_refused_with_what_to_do() -> None:
    with pytest.raises(DataInvalid, match=r"3 different products.*--no-scores"):
        make_folds(np.array([0, 1, 2, 2, 2]), 4)
