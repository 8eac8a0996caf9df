"""What belongs together must have shapes that agree, and survives its file."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hangtag.errors import DataInvalid
from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.evaluated import count_together
from training.evaluate.mistakes import sheet_rows
from training.evaluate.saved import load_evaluated, save_evaluated
from training.layout import TEST_PHOTOS

PIXELS = ("sheet_rows", "sheet_pixels")


@pytest.mark.parametrize("optional", ["all", "least"])
def test_all_but_the_pixels_that_no_page_shows_survives(optional: str, tmp_path: Path) -> None:
    least: dict[str, Any] = {"embeddings": None, "prediction_sets": None, "slices": {}}
    written = evaluated(90, **(least if optional == "least" else {}))
    assert save_evaluated(written, tmp_path) == tmp_path / TEST_PHOTOS
    read = load_evaluated(tmp_path)
    for name in {each.name for each in fields(written)} - {*PIXELS}:
        np.testing.assert_equal(getattr(read, name), getattr(written, name), err_msg=name)
    assert read.sheet_rows.tolist() == sheet_rows(written).tolist()
    assert len(read.sheet_rows) < 90
    assert (read.sheet_pixels == written.sheet_pixels[read.sheet_rows]).all()


def test_a_run_that_did_not_finish_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.json").touch()
    with pytest.raises(DataInvalid, match=r"let it finish: `hangtag train resume=/.*`\.$"):
        load_evaluated(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "garbage", "changed"])
def test_a_broken_file_is_named(damage: str, tmp_path: Path) -> None:
    path = save_evaluated(evaluated(20), tmp_path)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "garbage":
        content = bytearray(b"no archive")
    else:
        content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(DataInvalid, match=r"test_photos\.npz is broken"):
        load_evaluated(tmp_path)


def test_shapes_must_agree() -> None:
    with pytest.raises(DataInvalid, match="targets must have shape"):
        evaluated(5, targets=np.zeros((4, 16), np.float32))
    with pytest.raises(DataInvalid, match="title is new"):
        evaluated(5, slices={"title is new": np.ones(4, np.bool_)})


def test_counting_together_leaves_out_what_is_unknown() -> None:
    targets = np.array([[1, 1], [1, 0], [1, np.nan]], np.float32)
    assert count_together(targets).tolist() == [[3, 1], [1, 1]]
