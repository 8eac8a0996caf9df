"""A run that goes on without bad rows, from the folder to the photos that it learns from."""

import json
from pathlib import Path

import numpy as np
import pytest

from hangtag.errors import DataInvalid
from tests.unit.training.data.conftest import Draw
from training.data import read_dataset
from training.data.training_data import TrainingData, prepare_data
from training.settings import make_settings


@pytest.fixture(autouse=True)
def _workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Decoded photos are kept below the current folder.
    monkeypatch.chdir(tmp_path)


def prepare(folder: Path, text: str, run: Path) -> TrainingData:
    (folder / "products.csv").write_text(text)
    settings = make_settings(folder, {"data.skip_bad": True, "data.size_px": 32})
    return prepare_data(read_dataset(folder), settings, run)


def test_only_the_group_in_conflict_is_unknown_to_the_run(
    folder: Path, tmp_path: Path, draw: Draw
) -> None:
    for number in range(8, 24):
        draw(number).save(folder / "images" / f"{number}.jpg")
    rows = [f"{n}.jpg,{'412_zip' if n % 2 else '458_zip'},{n}" for n in range(23)]
    text = "\n".join(["image,labels,product_id", *rows, "23.jpg,412_zip,0"])
    data = prepare(folder, text, tmp_path / "run")
    assert len(data.decoded.photos) == 24
    unknown = [photo.path.stem for photo in data.decoded.photos if photo.unknown_groups]
    assert unknown == ["0", "23"]
    np.testing.assert_array_equal(data.targets[0], np.array([*[np.nan] * 4, 1, 0], np.float32))
    report = json.loads((tmp_path / "run" / "data_report.json").read_text())
    assert report["kinds"] == {"conflicting_labels": 1}


def test_where_nothing_is_left_the_reasons_are_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "image,labels\n" + "".join(f"{n}.jpg,zipp\n" for n in range(8))
    with pytest.raises(DataInvalid, match=r"No photo is left: .* \(8 unknown_label\)"):
        prepare(folder, text, tmp_path / "run")
    assert "did you mean zip (Zip)" in capsys.readouterr().err


def test_where_too_little_is_left_the_reasons_are_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "image,labels\n0.jpg,412\n" + "".join(f"{n}.jpg,zipp\n" for n in range(1, 8))
    with pytest.raises(
        DataInvalid, match=r"1 different products, .* 7 bad rows or photos are left"
    ):
        prepare(folder, text, tmp_path / "run")
    assert "did you mean zip (Zip)" in capsys.readouterr().err
