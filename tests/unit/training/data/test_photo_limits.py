"""One setting says how large a photo may be: for a run, for the page of a dataset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.hangtag.cli.test_app import call
from tests.unit.training.data.conftest import Draw
from training.data import read_dataset
from training.data.training_data import prepare_data
from training.settings import make_settings

LIMIT = 160 * 160
REFUSED = "The photo has 170 x 170 pixels, more than the 25,600 that are decoded; send it smaller."


@pytest.fixture
def large(folder: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset folder of 23 photos of 160 px, and one of 170."""
    # Decoded photos are kept below the current folder.
    monkeypatch.chdir(folder.parent)
    for number in range(24):
        draw(number, size_px=170 if number == 23 else 160).save(folder / f"images/{number}.jpg")
    rows = [f"{n}.jpg,{412 if n % 2 else 458},{n}" for n in range(24)]
    (folder / "products.csv").write_text("\n".join(["image,labels,product_id", *rows]))
    return folder


@pytest.mark.parametrize(("limit", "photos"), [(LIMIT, 23), (170 * 170, 24)])
def test_a_run_takes_photos_up_to_its_limit(
    large: Path, tmp_path: Path, limit: int, photos: int
) -> None:
    given = {"data.skip_bad": True, "data.size_px": 32, "data.max_image_pixels": limit}
    settings = make_settings(large, given)
    data = prepare_data(read_dataset(large), settings, tmp_path / "run")
    assert len(data.decoded.photos) == photos
    assert {each.detail for each in data.decoded.problems} == ({REFUSED} if photos == 23 else set())


def test_the_page_of_a_dataset_has_the_same_limit_and_hands_it_on(large: Path) -> None:
    code, said, err = call(
        *("data-report", "--data", large.name, "--no-scores", "--out", "page"),
        *("--max-image-pixels", str(LIMIT)),
        cwd=large.parent,
    )
    assert code == 0, err
    assert "Looked through 23 photos: 1 problems" in said
    assert f" --skip-bad --set data.max_image_pixels={LIMIT}\n" in said
    problems = json.loads((large.parent / "page/report.json").read_text())["problems"]
    assert REFUSED in json.dumps(problems)
