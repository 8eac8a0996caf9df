from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hangtag.bundle import Bundle, load_bundle
from hangtag.errors import BundleInvalid


def edit_manifest(folder: Path, **changes: Any) -> None:
    manifest = json.loads((folder / "tagger.json").read_text())
    (folder / "tagger.json").write_text(json.dumps({**manifest, **changes}))


def test_a_whole_bundle_loads_and_keeps_its_digest(own_bundle: Bundle) -> None:
    assert load_bundle(own_bundle.folder) == own_bundle
    assert own_bundle.digest.startswith("sha256:")


def test_thresholds_are_in_the_order_of_the_labels(own_bundle: Bundle) -> None:
    assert own_bundle.thresholds.tag.tolist() == [0.5] * 5
    assert own_bundle.thresholds.accept == pytest.approx([0.9, 0.9, 0.9, np.inf, 0.9])


def test_the_archived_files_are_those_that_a_prediction_needs(own_bundle: Bundle) -> None:
    assert sorted(own_bundle.archived_files) == [
        "golden/0.jpg",
        "golden/1.jpg",
        "golden/2.jpg",
        "labels.json",
        "model.onnx",
        "tagger.json",
    ]


@pytest.mark.parametrize("name", ["labels.json", "model.onnx", "golden/1.jpg"])
def test_a_changed_file_is_refused(own_bundle: Bundle, name: str) -> None:
    path = own_bundle.folder / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BundleInvalid, match=f"{name} is not the file that was bundled"):
        load_bundle(own_bundle.folder)


@pytest.mark.parametrize("name", ["labels.json", "model.onnx", "golden/1.jpg", "tagger.json"])
def test_a_missing_file_is_refused(own_bundle: Bundle, name: str) -> None:
    (own_bundle.folder / name).unlink()
    with pytest.raises(BundleInvalid, match=r"cannot be read"):
        load_bundle(own_bundle.folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format_version": 1}, "format_version"),
        ({"colour_space": "sRGB"}, "colour_space"),
        ({"label_space_sha256": "sha256:0"}, "is not the label space of tagger.json"),
        ({"decisions": []}, "other labels"),
        ({"golden": [{"file": "golden/0.jpg", "scores": [1.0]}]}, "golden input"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    own_bundle: Bundle, changes: dict[str, Any], said: str
) -> None:
    edit_manifest(own_bundle.folder, **changes)
    with pytest.raises(BundleInvalid, match=said):
        load_bundle(own_bundle.folder)


def test_any_change_of_the_manifest_changes_the_digest(own_bundle: Bundle) -> None:
    edit_manifest(own_bundle.folder, created="2026-01-02T00:00:00+00:00")
    assert load_bundle(own_bundle.folder).digest != own_bundle.digest
