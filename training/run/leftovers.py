"""What runs leave on the disk, and what of it goes with a run that fails."""

import json
import shlex
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hangtag.errors import DiskFull
from training.data import DECODED_PHOTOS
from training.errors import RunInterrupted, TrainingDiverged
from training.fit.checkpoints import epoch_checkpoints, has_checkpoints, newest_checkpoint
from training.layout import (
    BEST_CHECKPOINT,
    BUNDLE,
    CHECKPOINTS,
    DATA_REPORT,
    LOCK,
    LOG,
    SETTINGS,
    SPLITS_FILE,
    TEST_PHOTOS,
    UNFINISHED_BUNDLE,
)

# What a run writes before its bundle.
_BEGUN = (SETTINGS, SPLITS_FILE, TEST_PHOTOS, LOG, CHECKPOINTS, UNFINISHED_BUNDLE, DATA_REPORT)
_MB, _GB = 1e6, 1e9


@contextmanager
def tidied(run_folder: Path, *, quick: bool, resumed: bool = False) -> Iterator[None]:
    """Leave nothing of a run that fails before its first checkpoint but the report of its data.

    What it learned before is kept, and the error says how to go on. A run that was interrupted or
    resumed keeps all; but a quick one starts from the beginning anyway. What lay in the folder when
    it began is not its own, and stays.

    Raises
    ------
    TrainingDiverged, DiskFull : what was raised, with what is kept.
    """
    found = frozenset(name for name in _BEGUN if (run_folder / name).exists())
    kept = resumed
    try:
        yield
        kept = True
    except RunInterrupted:
        kept = resumed or not quick
        raise
    except TrainingDiverged as error:
        checkpoint = newest_checkpoint(run_folder)
        has = f"; the last good weights are weights={_quoted(checkpoint)}" if checkpoint else ""
        raise TrainingDiverged(f"{str(error).removesuffix('.')}{has}.") from error
    except DiskFull as error:
        raise DiskFull(str(error).removesuffix(".") + _how_to_go_on(run_folder)) from error
    finally:
        # By the files being there: with too little memory none could be read.
        if not kept and not has_checkpoints(run_folder):
            _remove_begun(run_folder, found)


def _remove_begun(run_folder: Path, found: Container[str]) -> None:
    """Remove what a run wrote that has come to nothing, and its folder if that leaves it empty."""
    if (run_folder / BUNDLE).exists():
        return
    for name in (*_BEGUN, LOCK):
        if name not in found and not (name == DATA_REPORT and _has_problems(run_folder)):
            _remove(run_folder / name)
    # It holds something else, or is a disk of its own.
    with suppress(OSError):
        run_folder.rmdir()


def keep_one_checkpoint(run_folder: Path) -> None:
    """Remove the checkpoints of a finished run but that whose weights its bundle has."""
    best = run_folder / CHECKPOINTS / BEST_CHECKPOINT
    kept = best if best.is_file() else newest_checkpoint(run_folder)
    for checkpoint in epoch_checkpoints(run_folder):
        if checkpoint != kept:
            checkpoint.unlink()


def describe_leftovers(run_folder: Path) -> list[str]:
    """Return a line for each large thing that may go, with the command that removes it."""
    lines = []
    if size := _size_bytes(run_folder / CHECKPOINTS):
        lines.append(
            f"Checkpoints: {_readable(size)}, which only comparing the formats of the weights "
            f"takes; to remove them: rm -r {_quoted(run_folder / CHECKPOINTS)}"
        )
    if size := _size_bytes(DECODED_PHOTOS):
        lines.append(
            f"Decoded photos: {_readable(size)}, with which the next run on the same photos "
            f"begins at once; to remove them: rm -r {_quoted(DECODED_PHOTOS)}"
        )
    return lines


def _how_to_go_on(run_folder: Path) -> str:
    """Return what to say after that the disk is full."""
    hints = []
    if (size := _size_bytes(DECODED_PHOTOS)) and _on_one_disk(DECODED_PHOTOS, run_folder):
        remove = f"rm -r {_quoted(DECODED_PHOTOS)}"
        hints.append(f"decoded photos of earlier runs take {_readable(size)}: {remove}")
    if has_checkpoints(run_folder):
        go_on = f"`hangtag train resume={_quoted(run_folder)}`"
        hints.append(f"what was learned is kept, go on with: {go_on}")
    # No full stop after a command: it would be copied with it.
    return "".join(f"; {hint}" for hint in hints) or "."


def _on_one_disk(first: Path, second: Path) -> bool:
    return first.stat().st_dev == second.stat().st_dev


def _has_problems(run_folder: Path) -> bool:
    report = run_folder / DATA_REPORT
    return report.is_file() and json.loads(report.read_text(encoding="utf-8")).get("count") != 0


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _readable(size_bytes: int) -> str:
    return f"{size_bytes / _GB:,.1f} GB" if size_bytes >= _GB else f"{size_bytes / _MB:,.1f} MB"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
