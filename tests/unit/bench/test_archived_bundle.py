"""From an archive to the bundle with its weights."""

from pathlib import Path

import pytest

from bench.archived_bundle import find_bundle
from hangtag.bundle import MANIFEST, Bundle
from hangtag.errors import ArchiveInvalid


def test_the_bundle_is_found_among_the_runs(tiny_archive: Path, tiny_bundle: Bundle) -> None:
    # The fixture's folder is named `bundle`, as a run's is.
    runs = tiny_bundle.folder.parents[1]
    assert find_bundle(tiny_archive, None, runs).digest == tiny_bundle.digest


def test_a_bundle_can_be_named(tiny_archive: Path, tiny_bundle: Bundle) -> None:
    assert find_bundle(tiny_archive, tiny_bundle.folder).digest == tiny_bundle.digest


def test_another_bundle_is_refused(tiny_archive: Path, own_bundle: Bundle) -> None:
    with (own_bundle.folder / MANIFEST).open("a") as file:
        file.write("\n")
    with pytest.raises(ArchiveInvalid, match=r"`hangtag bench model` makes both"):
        find_bundle(tiny_archive, own_bundle.folder)


def test_without_runs_there_is_no_bundle(tiny_archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveInvalid, match="was made of is not under"):
        find_bundle(tiny_archive, None, tmp_path)
