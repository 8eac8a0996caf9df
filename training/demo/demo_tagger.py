"""The demo tagger: what `make serve` serves on a fresh machine, made in quick mode."""

import shutil
from pathlib import Path

from hangtag.bundle import Bundle, load_bundle
from training.run.sequence import start_run
from training.settings import make_settings


def train_demo_tagger(data: Path, run_folder: Path, bundle_folder: Path) -> Bundle:
    """Train on the rendered catalogue, keep what serving needs of the bundle.

    What lies in `run_folder` and `bundle_folder` is replaced.
    """
    shutil.rmtree(run_folder, ignore_errors=True)
    # The bundle lies in the repository: half the size is worth a thousandth of a score.
    settings = make_settings(data, {"quick": True, "export.stored_weights": "fp16"})
    return copy_archived(start_run(settings, run_folder), bundle_folder)


def copy_archived(bundle: Bundle, folder: Path) -> Bundle:
    """Copy the files of a bundle that predictions need: all but the weights to go on training."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in bundle.archived_files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.folder / name, target)
    return load_bundle(folder)
