"""What is told of an archive before it is served."""

import json
import zipfile
from pathlib import Path

import pytest

from hangtag.errors import ArchiveInvalid
from server.archive import MANIFEST, open_archive

PROJECT = Path(__file__).resolve().parents[3]


def _archive(path: Path, manifest: str) -> Path:
    with zipfile.ZipFile(path, "w") as files:
        files.writestr(MANIFEST, manifest)
    return path


def test_an_archive_says_its_version_and_size(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.mar", json.dumps({"model": {"modelVersion": "1.4"}}))
    archive = open_archive(path)
    assert archive.path == path.resolve()
    assert archive.model_version == "1.4"
    assert archive.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("hangtag/errors.py", "hangtag/errors.py"),
        ("tagger_handler.py", "handlers/tagger_handler.py"),
    ],
)
def test_code_of_another_release_is_noticed(name: str, here: str, tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.mar", json.dumps({"model": {"modelVersion": "1"}}))
    with zipfile.ZipFile(path, "a") as files:
        files.write(PROJECT / here, name)
    assert not open_archive(path).has_other_code
    path = _archive(path, json.dumps({"model": {"modelVersion": "1"}}))
    with zipfile.ZipFile(path, "a") as files:
        files.writestr(name, "# of another release")
    assert open_archive(path).has_other_code


def test_a_missing_archive_names_those_that_exist(tmp_path: Path) -> None:
    for name in ("b.mar", "a.mar", "notes.txt"):
        (tmp_path / name).touch()
    with pytest.raises(
        ArchiveInvalid,
        match=r"holds a\.mar, b\.mar; `hangtag serve` without one packs the demo's,",
    ):
        open_archive(tmp_path / "tagger.mar")


def test_a_missing_archive_in_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where there is no model_store.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ArchiveInvalid,
        match="holds no archive; `hangtag serve` without one packs the demo's,",
    ):
        open_archive(tmp_path / "nowhere" / "tagger.mar")


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "tagger.mar"
    path.write_bytes(b"no zip")
    with pytest.raises(ArchiveInvalid, match="is not an archive"):
        open_archive(path)


def test_a_truncated_archive(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.mar", json.dumps({"model": {"modelVersion": "1"}}))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArchiveInvalid, match="is not an archive"):
        open_archive(path)


def test_a_zip_without_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "tagger.mar"
    with zipfile.ZipFile(path, "w") as files:
        files.writestr("handler.py", "")
    with pytest.raises(ArchiveInvalid, match=f"has no {MANIFEST}"):
        open_archive(path)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"model": []}', '{"model": {}}'])
def test_a_manifest_that_says_nothing(tmp_path: Path, manifest: str) -> None:
    with pytest.raises(ArchiveInvalid, match=f"has no {MANIFEST} to go by"):
        open_archive(_archive(tmp_path / "a.mar", manifest))
