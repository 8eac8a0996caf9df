import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hangtag.bundle
from hangtag.bundle import Bundle, MeasuredPrecision, QuantizationReport, load_bundle
from hangtag.errors import BundleInvalid
from hangtag.hardware import Cpu


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


@pytest.mark.parametrize(
    ("flags", "reduced_range", "offered"),
    [
        ({"avx2", "avx_vnni"}, False, True),
        ({"avx2", "avx_vnni"}, True, True),
        # Sums of two products of 8 bits would be cut off.
        ({"avx2"}, False, False),
        ({"avx2"}, True, True),
    ],
)
def test_int8_is_offered_where_it_is_computed_right(
    *,
    flags: set[str],
    reduced_range: bool,
    offered: bool,
    own_bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hangtag.bundle, "read_cpu", lambda: Cpu("some", 2, frozenset(flags)))
    int8 = MeasuredPrecision(
        precision="int8", offered=True, micro_f1=1, tags_equal=1, largest_score_difference=0,
        golden_difference=0, photos_per_second=9, runtime="OpenVINO", reduced_range=reduced_range,
    )  # fmt: skip
    measured = QuantizationReport(machine="some", photos=1, measured=(int8,))
    manifest = own_bundle.manifest.model_copy(update={"precisions": measured})
    assert ("int8" in replace(own_bundle, manifest=manifest).models) == offered


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
