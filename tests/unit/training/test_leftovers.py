"""What a run leaves when it fails, and what is said of the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from hangtag.errors import DataInvalid, DiskFull, RunInterrupted, TrainingDiverged
from training.leftovers import describe_leftovers, keep_one_checkpoint, tidied


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that has begun, beside something of the user's own."""
    monkeypatch.chdir(tmp_path)
    folder = Path("my runs")
    (folder / "log" / "attempt-01").mkdir(parents=True)
    (folder / ".bundle").mkdir()
    (folder / "checkpoints").mkdir()
    for name in ("settings.json", "splits.csv", ".lock", "test_photos.npz"):
        (folder / name).touch()
    return folder


def report(folder: Path, count: int) -> None:
    (folder / "data_report.json").write_text(json.dumps({"count": count}))


def checkpoint(folder: Path, name: str = "epoch=000.ckpt") -> Path:
    path = folder / "checkpoints" / name
    torch.save({"state_dict": {"a": torch.ones(1000)}}, path)
    return path


def fail(folder: Path, error: BaseException, *, quick: bool = False) -> BaseException:
    with pytest.raises(type(error)) as caught, tidied(folder, quick=quick):
        raise error
    return caught.value


@pytest.mark.parametrize(
    "error", [DataInvalid("."), TrainingDiverged("."), OSError(), ValueError()]
)
def test_a_run_that_fails_before_its_first_checkpoint_leaves_nothing(
    error: Exception, run_folder: Path
) -> None:
    report(run_folder, 0)
    fail(run_folder, error)
    assert not run_folder.exists()


def test_what_was_wrong_with_the_data_stays(run_folder: Path) -> None:
    report(run_folder, 3)
    fail(run_folder, DataInvalid("3 bad photos"))
    assert [path.name for path in run_folder.iterdir()] == ["data_report.json"]


def test_what_is_not_of_the_run_stays(run_folder: Path) -> None:
    (run_folder / "notes.txt").touch()
    fail(run_folder, ValueError())
    assert [path.name for path in run_folder.iterdir()] == ["notes.txt"]


def test_a_run_that_learned_stays_and_says_how_to_go_on(run_folder: Path) -> None:
    kept = checkpoint(run_folder)
    decoded = Path("data/.decoded/1")
    decoded.mkdir(parents=True)
    (decoded / "pixels.npy").write_bytes(bytes(3_000_000))
    error = fail(run_folder, DiskFull("No space left on my runs (0.0 MB free); free some."))
    assert str(error) == (
        "No space left on my runs (0.0 MB free); free some; decoded photos of earlier runs take "
        "3.0 MB: rm -r data/.decoded; what was learned is kept, go on with: make train "
        "RESUME='my runs'"
    )
    assert kept.exists()
    assert (run_folder / "settings.json").exists()


def test_the_last_good_weights_are_named(run_folder: Path) -> None:
    kept = checkpoint(run_folder)
    assert str(fail(run_folder, TrainingDiverged("No number"))) == (
        f"No number; the last good weights are WEIGHTS='{kept}'."
    )


@pytest.mark.parametrize("quick", [False, True])
def test_an_interrupted_run_is_kept_if_it_can_go_on(quick: bool, run_folder: Path) -> None:
    fail(run_folder, RunInterrupted("Stopped."), quick=quick)
    assert run_folder.exists() == (not quick)


def test_a_finished_run_is_never_touched(run_folder: Path) -> None:
    (run_folder / "bundle").mkdir()
    before = set(run_folder.iterdir())
    fail(run_folder, ValueError("a picture that cannot be drawn"))
    assert set(run_folder.iterdir()) == before


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["epoch=000.ckpt", "epoch=001.ckpt"], "epoch=001.ckpt"),
        (["epoch=000.ckpt", "best.ckpt", "epoch=001.ckpt"], "best.ckpt"),
    ],
)
def test_a_finished_run_keeps_the_checkpoint_of_its_bundle(
    names: list[str], kept: str, run_folder: Path
) -> None:
    for name in names:
        checkpoint(run_folder, name)
    keep_one_checkpoint(run_folder)
    assert [path.name for path in (run_folder / "checkpoints").iterdir()] == [kept]


def test_what_is_large_is_said_with_the_command_that_removes_it(run_folder: Path) -> None:
    assert describe_leftovers(run_folder) == []
    checkpoint(run_folder)
    decoded = Path("data/.decoded/1")
    decoded.mkdir(parents=True)
    (decoded / "pixels.npy").write_bytes(bytes(2_500_000))
    lines = describe_leftovers(run_folder)
    assert [re.search(r"^(.+?): [\d.]+ MB, .*: (rm -r .+)$", line).groups() for line in lines] == [
        ("Checkpoints", "rm -r 'my runs/checkpoints'"),
        ("Decoded photos", "rm -r data/.decoded"),
    ]
