"""What a run leaves when it fails, and what is said of the rest."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from hangtag.errors import DataInvalid, DiskFull, HangtagError, SettingsInvalid
from training.errors import RunInterrupted, TrainingDiverged
from training.run.leftovers import describe_leftovers, keep_one_checkpoint, tidied
from training.run.sequence import _checkpoint_to_go_on_from, start_run
from training.settings import make_settings


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    folder = Path("my runs")
    folder.mkdir()
    return folder


def begin(folder: Path) -> Path:
    """What a run writes before it learns."""
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


def fail(
    folder: Path,
    error: BaseException,
    writes: Callable[[Path], object] = begin,
    *,
    quick: bool = False,
    resumed: bool = False,
) -> BaseException:
    def run() -> None:
        with tidied(folder, quick=quick, resumed=resumed):
            writes(folder)
            raise error

    with pytest.raises(type(error)) as caught:
        run()
    return caught.value


@pytest.mark.parametrize(
    "error", [DataInvalid("."), TrainingDiverged("."), OSError(), ValueError()]
)
def test_a_run_that_fails_before_its_first_checkpoint_leaves_nothing(
    error: Exception, run_folder: Path
) -> None:
    fail(run_folder, error, lambda folder: report(begin(folder), 0))
    assert not run_folder.exists()


def test_what_was_wrong_with_the_data_stays(run_folder: Path) -> None:
    fail(run_folder, DataInvalid("3 bad photos"), lambda folder: report(begin(folder), 3))
    assert [path.name for path in run_folder.iterdir()] == ["data_report.json"]


def test_what_is_not_of_the_run_stays(run_folder: Path) -> None:
    (run_folder / "notes.txt").touch()
    fail(run_folder, ValueError())
    assert [path.name for path in run_folder.iterdir()] == ["notes.txt"]


def test_a_run_removes_nothing_that_was_there_before_it(run_folder: Path) -> None:
    mine = {"checkpoints/model.pt", "log/notes.txt", "splits.csv", "data_report.json"}
    for name in mine:
        (run_folder / name).parent.mkdir(exist_ok=True)
        (run_folder / name).write_text("[]")
    fail(run_folder, ValueError(), lambda folder: (folder / "settings.json").touch())
    assert {str(p.relative_to(run_folder)) for p in run_folder.rglob("*") if p.is_file()} == mine


def test_a_report_of_another_kind_hides_no_error(run_folder: Path) -> None:
    def write(folder: Path) -> None:
        (folder / "data_report.json").write_text("{}")

    fail(run_folder, ValueError("the real one"), write)
    assert (run_folder / "data_report.json").exists()


@pytest.mark.parametrize("name", ["keep-me.ckpt", "best.ckpt", "epoch=000.ckpt"])
def test_checkpoints_stay_whatever_they_hold(name: str, run_folder: Path) -> None:
    fail(run_folder, ValueError(), lambda folder: checkpoint(begin(folder), name).write_bytes(b""))
    assert (run_folder / "checkpoints" / name).exists()
    assert (run_folder / "settings.json").exists()


def test_a_run_that_is_resumed_removes_nothing(run_folder: Path) -> None:
    (run_folder / "settings.json").touch()
    before = set(begin(run_folder).rglob("*"))
    fail(run_folder, DataInvalid("There is no data"), lambda _: None, resumed=True, quick=True)
    assert set(run_folder.rglob("*")) == before


def test_a_folder_with_checkpoints_of_nobody_knows_whom_is_refused(run_folder: Path) -> None:
    (run_folder / "checkpoints").mkdir()
    kept = checkpoint(run_folder)
    settings = make_settings(Path("none"), {"network.weights": "none"})
    with pytest.raises(SettingsInvalid, match=r"^my runs holds checkpoints but no settings\.json"):
        start_run(settings, run_folder)
    assert kept.exists()


def test_a_checkpoint_that_is_named_must_be_whole_and_of_numbers(run_folder: Path) -> None:
    good = checkpoint(begin(run_folder))
    assert _checkpoint_to_go_on_from(good, run_folder) == good
    bad = checkpoint(run_folder, "epoch=001.ckpt")
    torch.save({"state_dict": {"a": torch.tensor([math.nan])}}, bad)
    with pytest.raises(
        SettingsInvalid, match=r"epoch=001\.ckpt holds weights that are no numbers; "
    ):
        _checkpoint_to_go_on_from(bad, run_folder)
    bad.write_bytes(b"")
    with pytest.raises(SettingsInvalid, match=r"epoch=001\.ckpt is no whole checkpoint; "):
        _checkpoint_to_go_on_from(bad, run_folder)


def test_checkpoints_that_cannot_be_read_are_not_replaced_by_a_new_beginning(
    run_folder: Path,
) -> None:
    assert _checkpoint_to_go_on_from(run_folder, run_folder) is None
    checkpoint(begin(run_folder)).write_bytes(b"")
    with pytest.raises(SettingsInvalid, match=r"^None of the checkpoints in my runs/checkpoints "):
        _checkpoint_to_go_on_from(run_folder, run_folder)


def test_a_run_that_learned_stays_and_says_how_to_go_on(run_folder: Path) -> None:
    kept = checkpoint(begin(run_folder))
    decoded = Path("data/.decoded/1")
    decoded.mkdir(parents=True)
    (decoded / "pixels.npy").write_bytes(bytes(3_000_000))
    full = DiskFull("No space left on my runs (0.0 MB free); free some.")
    error = fail(run_folder, full, lambda _: None)
    assert str(error) == (
        "No space left on my runs (0.0 MB free); free some; decoded photos of earlier runs take "
        "3.0 MB: rm -r data/.decoded; what was learned is kept, go on with: `hangtag "
        "train resume='my runs'`"
    )
    assert kept.exists()
    assert (run_folder / "settings.json").exists()


def test_the_last_good_weights_are_named(run_folder: Path) -> None:
    kept = checkpoint(begin(run_folder))
    assert str(fail(run_folder, TrainingDiverged("No number"), lambda _: None)) == (
        f"No number; the last good weights are weights='{kept}'."
    )


@pytest.mark.parametrize("said", ["No space left", "No space left."])
@pytest.mark.parametrize("kind", [DiskFull, TrainingDiverged])
def test_a_sentence_ends_with_one_full_stop(
    kind: type[HangtagError], said: str, run_folder: Path
) -> None:
    assert str(fail(run_folder, kind(said))) == "No space left."


@pytest.mark.parametrize("quick", [False, True])
def test_an_interrupted_run_is_kept_if_it_can_go_on(quick: bool, run_folder: Path) -> None:
    fail(run_folder, RunInterrupted("Stopped."), quick=quick)
    assert run_folder.exists() == (not quick)


def test_a_finished_run_is_never_touched(run_folder: Path) -> None:
    (begin(run_folder) / "bundle").mkdir()
    before = set(run_folder.iterdir())
    fail(run_folder, ValueError("a picture that cannot be drawn"), lambda _: None)
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
    begin(run_folder)
    for name in [*names, "keep-me.ckpt"]:
        checkpoint(run_folder, name)
    keep_one_checkpoint(run_folder)
    left = {path.name for path in (run_folder / "checkpoints").iterdir()}
    assert left == {kept, "keep-me.ckpt"}


def test_what_is_large_is_said_with_the_command_that_removes_it(run_folder: Path) -> None:
    assert describe_leftovers(run_folder) == []
    checkpoint(begin(run_folder))
    decoded = Path("data/.decoded/1")
    decoded.mkdir(parents=True)
    (decoded / "pixels.npy").write_bytes(bytes(2_500_000))
    lines = describe_leftovers(run_folder)
    pattern = re.compile(r"^(.+?): [\d.]+ MB, .*: (rm -r .+)$")
    found = [pattern.fullmatch(line) for line in lines]
    assert [each and each.groups() for each in found] == [
        ("Checkpoints", "rm -r 'my runs/checkpoints'"),
        ("Decoded photos", "rm -r data/.decoded"),
    ]
