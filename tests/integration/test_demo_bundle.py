"""The demo tagger that lies in the repository is of today's format, and answers as it says."""

from pathlib import Path

import pytest

from hangtag.bundle import Bundle, load_bundle
from hangtag.label_space import parse_label_space
from server.packaging import make_archive
from training.demo.attributes import label_space
from training.settings import TrainingSettings

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "model_store" / "demo"
MAX_BYTES = 10_000_000
MIN_MICRO_F1 = 0.96


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(FOLDER)


def test_it_is_whole_and_small(bundle: Bundle) -> None:
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == set(bundle.archived_files)
    assert sum((FOLDER / name).stat().st_size for name in files) <= MAX_BYTES


def test_it_knows_the_labels_of_todays_demo_catalogue(bundle: Bundle) -> None:
    assert bundle.label_space.to_json() == parse_label_space(label_space()).to_json()


def test_it_says_how_it_was_made(bundle: Bundle) -> None:
    manifest = bundle.manifest
    assert manifest.training.keys() == {*TrainingSettings.model_fields, "commit"}
    assert manifest.training["quick"]
    assert manifest.training["network"]["backbone"] == manifest.backbone == "tf_efficientnet_lite0"
    assert manifest.training["data"]["folder"] == "data/demo"
    assert manifest.profile is not None
    assert manifest.precisions is not None


def test_it_is_good_on_photos_that_it_had_not_seen(bundle: Bundle) -> None:
    assert bundle.manifest.metrics["photos"] >= 100
    assert bundle.manifest.metrics["micro_f1"] >= MIN_MICRO_F1


def test_its_packed_handler_answers_as_it_did_when_it_was_made(
    bundle: Bundle, tmp_path: Path
) -> None:
    replayed = make_archive(FOLDER, tmp_path / "tagger.mar", "1.0")
    assert replayed["golden"] == len(bundle.manifest.golden) >= 8
    assert replayed["largest_difference"] <= bundle.manifest.golden_tolerance
