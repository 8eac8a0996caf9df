"""Fixtures for all tests."""

import os
import signal
import zipfile
from pathlib import Path

import pytest

from hangtag.bundle import Bundle
from server.packaging import make_archive
from tests.tiny_tagger import write_tiny_bundle

# `make test` runs these: what they call must not take itself for a make within make.
for _name in ("HANGTAG_MAKE", "MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"):
    os.environ.pop(_name, None)
# Shells start what runs in the background with Ctrl-C ignored, and what that starts inherits it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Commands run in folders of their own; only the wheel's room is installed.
_PROJECT = str(Path(__file__).parents[1])
os.environ["PYTHONPATH"] = os.pathsep.join(
    [_PROJECT, *filter(None, [os.environ.get("PYTHONPATH")])]
)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name cases of bytes by their place: what is packed has the time of day in it.

    `pytest -n` refuses to run where two workers name one test differently.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A whole bundle that no test may change."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny") / "bundle")


@pytest.fixture
def own_bundle(tmp_path: Path) -> Bundle:
    """A whole bundle for a test that breaks it."""
    return write_tiny_bundle(tmp_path / "bundle")


@pytest.fixture(scope="session")
def tiny_archive(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle as `make archive` packs it."""
    archive = tmp_path_factory.mktemp("archive") / "tiny.mar"
    make_archive(tiny_bundle.folder, archive, version="2.5")
    return archive


@pytest.fixture(scope="session")
def unpacked_archive(tiny_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, unpacked as TorchServe unpacks it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(tiny_archive) as contents:
        contents.extractall(folder)
    return folder
