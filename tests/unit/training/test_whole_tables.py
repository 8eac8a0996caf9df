"""Tables that cannot be written to their end do not take the place of those of before."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_training import LABEL_SPACE, LABELS
from training.data import Splits
from training.data.split_file import write_splits
from training.data_report.dataset import ReportedDataset
from training.data_report.label_errors import Judgement, LabelError, write_label_errors
from training.evaluate.writing import write_scores

ROWS = np.arange(2)


def splits(path: Path) -> None:
    """More groups than photos."""
    write_splits([], ROWS, Splits(*[ROWS[:0]] * 5), path)


def scores(path: Path) -> None:
    """More scores than photos."""
    write_scores([], np.zeros((2, LABELS), np.float32), LABEL_SPACE, path)


def label_errors(path: Path) -> None:
    """Of a photo that there is not."""
    dataset = ReportedDataset.__new__(ReportedDataset)
    error = LabelError(9, "all", "a", "b", 0.9, 0.1)
    write_label_errors({"all": Judgement(1, 0, (error,))}, dataset, path)


@pytest.mark.parametrize("write", [splits, scores, label_errors])
def test_a_table_of_before_stays(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")
    with pytest.raises((ValueError, AttributeError)):
        write(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
