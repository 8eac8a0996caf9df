"""What the release before made holds: its bundle loads, its archive is served, scores stay."""

from __future__ import annotations

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
from hangtag.schema import TagResponse
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


def tags_of(document: dict[str, Any]) -> dict[int, float]:
    return {tag["id"]: tag["score"] for tag in document["tags"]}


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
                content=photo.read_bytes(),
                headers={"Content-Type": "image/jpeg"},
            )
            (own,) = tagger.tag([Product(photo)])
            assert isinstance(own, TagResponse)
            assert answered.status_code == 200
            scores = tags_of(answered.json())
            assert scores
            assert scores == pytest.approx(tags_of(own.model_dump()), abs=2e-4)
