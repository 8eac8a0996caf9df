import zipfile
from pathlib import Path

from chaos.upgrades.archives import write_broken, write_version
from server.archive import MANIFEST, open_archive


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as files:
        return {name: files.read(name) for name in files.namelist()}


def test_only_the_version_differs(tiny_archive: Path, tmp_path: Path) -> None:
    written = write_version(tiny_archive, "7.1", tmp_path / "new.mar")
    assert open_archive(written).model_version == "7.1"
    before, after = contents(tiny_archive), contents(written)
    assert {name for name in before if before[name] != after[name]} == {MANIFEST}
    assert before.keys() == after.keys()


def test_a_broken_archive_still_looks_like_one(tiny_archive: Path, tmp_path: Path) -> None:
    written = write_broken(tiny_archive, tmp_path / "broken.mar")
    assert open_archive(written).model_version == open_archive(tiny_archive).model_version
    assert b"missing_handler.py" in contents(written)[MANIFEST]
