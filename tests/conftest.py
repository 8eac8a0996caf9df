"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from hangtag.bundle import Bundle
from tests.tiny_tagger import write_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A whole bundle that no test may change."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny") / "bundle")


@pytest.fixture
def own_bundle(tmp_path: Path) -> Bundle:
    """A whole bundle for a test that breaks it."""
    return write_tiny_bundle(tmp_path / "bundle")
