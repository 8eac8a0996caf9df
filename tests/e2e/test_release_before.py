"""What the release before made holds: its bundle loads, its archive is served, scores stay."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from hangtag.requests.product import Product
from hangtag.schema import Options, TagResponse
from hangtag.tagger import Tagger
from server.temporary import serving

PROJECT = Path(__file__).resolve().parents[2]
# The last commit before the rooms were moved.
RELEASE = "7034b2079b"
TAKES = ("hangtag", "handlers", "server", "serve_config", "model_store")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout of the release before, as far as packing needs it."""
    packed = subprocess.run(
        ["git", "archive", RELEASE, *TAKES], cwd=PROJECT, capture_output=True, check=False
    )
    if packed.returncode:
        pytest.skip(f"this checkout has no history back to {RELEASE}: nothing to compare with")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def scores_of(document: dict[str, Any]) -> dict[int, float]:
    """The scores of all labels, whether or not they hold."""
    answers = document["groups"].values()
    return {each["id"]: each["score"] for answer in answers for each in answer["candidates"]}


def tags_of(document: dict[str, Any]) -> list[int]:
    return [tag["id"] for tag in document["tags"]]


def test_its_bundle_and_its_archive_give_the_same_scores(release: Path, tmp_path: Path) -> None:
    bundle, archive = release / "model_store" / "demo", tmp_path / "before.mar"
    subprocess.run(
        [sys.executable, "-m", "server", "archive", "--bundle", bundle, "--archive", archive],
        cwd=release,
        env={**os.environ, "PYTHONPATH": str(release)},
        check=True,
    )
    photos = sorted(path for path in (bundle / "golden").iterdir() if path.suffix != ".json")
    tagger = Tagger.load(bundle)
    with serving(archive) as address:
        for photo in photos:
            answered = httpx.post(
                address.predictions_url,
                params={"top_k": 1000},
                content=photo.read_bytes(),
                headers={"Content-Type": "image/jpeg"},
            )
            (own,) = tagger.tag([Product(photo, options=Options(top_k=1000))])
            assert isinstance(own, TagResponse)
            assert answered.status_code == 200
            document = answered.json()
            scores = scores_of(document)
            assert len(scores) == len(tagger.bundle.label_space)
            assert scores == pytest.approx(scores_of(own.model_dump()), abs=2e-4)
            assert tags_of(document) == tags_of(own.model_dump())
