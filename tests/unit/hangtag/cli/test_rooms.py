"""Which commands there are: those of rooms beside the core, and of nobody else's packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hangtag.cli import rooms

PROJECT = Path(__file__).parents[4]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of packages as pip leaves it: the core, and somebody else's `training`."""
    packages = tmp_path / "site-packages"
    shutil.copytree(PROJECT / "hangtag", packages / "hangtag")
    for foreign in ("training", "server"):
        (packages / foreign).mkdir()
        for name in ("__init__.py", "__main__.py"):
            (packages / foreign / name).write_text("raise SystemExit('this is not ours')\n")
    return packages


def call(packages: Path, *arguments: str) -> tuple[int, str]:
    program = (
        f"import sys; sys.path.insert(0, {str(packages)!r}); sys.argv = ['hangtag', *sys.argv[1:]]"
        "; from hangtag.cli.app import main; main()"
    )
    done = subprocess.run(
        # -I: without this project's own folder.
        [sys.executable, "-I", "-c", program, *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_checkout_is_a_house() -> None:
    assert rooms.house() == PROJECT
    assert rooms.is_there("training")
    assert not rooms.is_there("no_such_room")


def test_installed_packages_are_none(installed: Path) -> None:
    code, said = call(installed, "--help")
    assert code == 0
    assert "  tag  " in said
    assert "train" not in said
    assert "serve" not in said


@pytest.mark.parametrize(("name", "room"), [("train", "training"), ("archive", "server")])
def test_a_command_of_a_room_that_is_not_there_says_where_it_is(
    installed: Path, name: str, room: str
) -> None:
    assert call(installed, name) == (
        1,
        f"`hangtag {name}` belongs to {room}/, which is not installed here; run it from the "
        "project's checkout.\n",
    )


def test_processes_that_a_command_starts_find_the_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    monkeypatch.setattr(sys, "path", ["/first", str(PROJECT), "/last"])
    rooms.enter_house()
    rooms.enter_house()
    assert sys.path == [str(PROJECT), "/first", "/last"]
    assert os.environ["PYTHONPATH"] == f"{PROJECT}:/somewhere/else"
