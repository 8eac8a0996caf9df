"""When the measured archive is made anew."""

from pathlib import Path

from bench.model import code_digest


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "a.py").write_text("1")
    digest = code_digest(["package/**/*.py"], tmp_path)
    assert code_digest(["package/*.py", "package/a.py"], tmp_path) == digest
    (package / "notes.txt").write_text("not code")
    assert code_digest(["package/**/*.py"], tmp_path) == digest
    (package / "a.py").rename(package / "b.py")
    renamed = code_digest(["package/**/*.py"], tmp_path)
    (package / "b.py").write_text("2")
    assert len({digest, renamed, code_digest(["package/**/*.py"], tmp_path)}) == 3


def test_every_pattern_finds_code() -> None:
    from bench.model import _ARCHIVE_CODE, _BUNDLE_CODE

    empty = code_digest([])
    assert all(code_digest([pattern]) != empty for pattern in (*_BUNDLE_CODE, *_ARCHIVE_CODE))
