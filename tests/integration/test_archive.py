"""make archive: what is in the .mar, and when it is refused."""

import json
import zipfile
from pathlib import Path

import pytest

import server.packaging
from hangtag.bundle import Bundle, load_bundle, seal_bundle
from hangtag.errors import ArchiveInvalid, BundleInvalid
from server.packaging import make_archive, newest_bundle


def test_the_archive_holds_all_that_a_prediction_needs(tiny_archive: Path) -> None:
    names = set(zipfile.ZipFile(tiny_archive).namelist())
    assert {
        "MAR-INF/MANIFEST.json",
        "tagger_handler.py",
        "model-config.yaml",
        "handlers/rows.py",
        "hangtag/tagger.py",
        "bundle/tagger.json",
        "bundle/labels.json",
        "bundle/model.onnx",
        "bundle/golden/0.jpg",
    } <= names
    assert not [name for name in names if "weights" in name or "__pycache__" in name]


def test_the_archive_carries_its_version(unpacked_archive: Path) -> None:
    manifest = json.loads((unpacked_archive / "MAR-INF" / "MANIFEST.json").read_text())
    assert manifest["model"]["modelVersion"] == "2.5"


def test_the_packed_bundle_is_the_one_that_was_given(
    unpacked_archive: Path, tiny_bundle: Bundle
) -> None:
    assert load_bundle(unpacked_archive / "bundle").digest == tiny_bundle.digest


def test_the_same_replay_is_reported(tiny_bundle: Bundle, tmp_path: Path) -> None:
    replayed = make_archive(tiny_bundle.folder, tmp_path / "my own.mar", version="1.0")
    assert (tmp_path / "my own.mar").is_file()
    assert replayed["golden"] == 3
    assert replayed["largest_difference"] < 1e-4


def test_scores_that_differ_stop_the_archive_and_keep_the_old_one(
    own_bundle: Bundle, tmp_path: Path
) -> None:
    archive = tmp_path / "tagger.mar"
    archive.write_bytes(b"the one that is served")
    golden = own_bundle.manifest.golden
    wrong = golden[0].model_copy(update={"scores": (0.5,) * 5})
    seal_bundle(
        own_bundle.folder, own_bundle.manifest.model_copy(update={"golden": (wrong, *golden[1:])})
    )
    with pytest.raises(ArchiveInvalid, match=r"scores in fp32 differ by 0\.\d+ from those"):
        make_archive(own_bundle.folder, archive, version="1.0")
    assert archive.read_bytes() == b"the one that is served"
    assert [path.name for path in tmp_path.iterdir() if "archive" in path.name] == []


def test_a_core_that_decides_otherwise_stops_the_archive(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay runs the packed code: a changed preprocessing does not get through."""
    project = tmp_path / "project"
    for name in ("hangtag", "handlers", "serve_config", "server"):
        copy_folder(server.packaging._PROJECT / name, project / name)
    images = project / "hangtag" / "images" / "decode.py"
    code = images.read_text(encoding="utf-8")
    assert 'enumerate("RGB")' in code
    images.write_text(code.replace('enumerate("RGB")', 'enumerate("BGR")'), encoding="utf-8")
    monkeypatch.setattr(server.packaging, "_PROJECT", project)
    with pytest.raises(ArchiveInvalid, match="scores in fp32 differ"):
        make_archive(tiny_bundle.folder, tmp_path / "a.mar", version="1.0")


def copy_folder(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())


def test_a_broken_bundle_is_named(own_bundle: Bundle, tmp_path: Path) -> None:
    (own_bundle.folder / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleInvalid, match=r"model\.onnx is not the file that was bundled"):
        make_archive(own_bundle.folder, tmp_path / "a.mar", version="1.0")


def test_a_wrong_archive_name_is_refused(tiny_bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(ArchiveInvalid, match=r"must end in \.mar"):
        make_archive(tiny_bundle.folder, tmp_path / "a.zip", version="1.0")


def test_without_a_bundle_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="hangtag train data=folder"):
        newest_bundle(tmp_path)
