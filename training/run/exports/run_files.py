"""Which files of a finished run hold its weights."""

import shlex
from pathlib import Path

from hangtag.bundle import SAFETENSORS, WEIGHTS, load_bundle
from hangtag.errors import BundleInvalid, SettingsInvalid
from hangtag.files.full_disk import writing_into
from training.export.state_files import read_state, write_state
from training.fit.checkpoints import newest_checkpoint
from training.layout import BEST_CHECKPOINT, BUNDLE, CHECKPOINTS
from training.run.exports import FORMATS, Format

_WRITTEN_CHECKPOINT = "exported.ckpt"


def find_file(format_: Format, run_folder: Path) -> Path | None:
    """Return the file of a run's weights in a format, if there is one.

    Of checkpoints, the one whose weights the bundle has: that of the best epoch if training looked
    for it, else the newest.
    """
    best = [run_folder / CHECKPOINTS / BEST_CHECKPOINT] if format_ == "ckpt" else []
    for path in (_place(format_, run_folder), *best):
        if path.is_file():
            return path
    return newest_checkpoint(run_folder) if format_ == "ckpt" else None


def write_file(format_: Format, run_folder: Path) -> Path:
    """Write the weights of a finished run in a format that it lacks, and return the file.

    Raises
    ------
    SettingsInvalid : if the run has that format already.
    BundleInvalid : if the run has no whole bundle, or no weights in any format.
    """
    load_bundle(run_folder / BUNDLE)
    if there := find_file(format_, run_folder):
        raise SettingsInvalid(
            f"{there} is there already; if `hangtag export check "
            f"run={shlex.quote(str(run_folder))}` finds that it holds other weights, as it does "
            "where training went on, delete it first."
        )
    found = (find_file(each, run_folder) for each in FORMATS)
    source = next((file for file in found if file), None)
    if source is None:
        raise BundleInvalid(f"{run_folder} holds no weights any more; train again.")
    path = _place(format_, run_folder)
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_name(f".unfinished-{path.name}")
    try:
        with writing_into(path.parent):
            write_state(read_state(source), unfinished)
        return unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _place(format_: Format, run_folder: Path) -> Path:
    places: dict[Format, Path] = {
        "safetensors": run_folder / BUNDLE / SAFETENSORS,
        "pth": run_folder / BUNDLE / WEIGHTS,
        "ckpt": run_folder / CHECKPOINTS / _WRITTEN_CHECKPOINT,
    }
    return places[format_]
