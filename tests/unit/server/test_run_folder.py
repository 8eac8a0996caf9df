from pathlib import Path

import pytest

from server.run_folder import run_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path("/tmp", f"t{tmp_path.stat().st_ino}")
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_a_folder_goes_with_its_server(temporary: Path) -> None:
    with run_folder() as folder:
        assert folder.parent == temporary
        (folder / "file").touch()
    assert list(temporary.iterdir()) == []
    temporary.rmdir()


def test_what_a_killed_server_has_left_is_swept_away_and_nothing_else(temporary: Path) -> None:
    forsaken, unfinished = temporary / "hangtag-run-old", temporary / "hangtag-run-new"
    foreign = temporary / "hangtag-other"
    for each in (forsaken, unfinished, foreign):
        each.mkdir()
    (forsaken / "owned").touch()
    (foreign / "owned").touch()
    with run_folder() as first, run_folder() as second:
        assert first.exists()
        assert second.exists()
        assert not forsaken.exists()
    # One that is just being made has not been locked yet.
    assert unfinished.exists()
    assert foreign.exists()
    unfinished.rmdir()
    (foreign / "owned").unlink()
    foreign.rmdir()
    temporary.rmdir()


@pytest.mark.parametrize("name", ["long" * 20, "umlaut-ä"])
def test_a_temporary_folder_that_does_not_fit_a_socket_is_not_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with run_folder() as made:
        assert made.parent == Path("/tmp")
    assert not made.exists()
