"""The names of what lies in a run's folder, and whether it is there."""

import shlex
from pathlib import Path

from hangtag.errors import DataInvalid

LOCK = ".lock"
# Before training begins.
SETTINGS = "settings.json"
DATA_REPORT = "data_report.json"
SPLITS_FILE = "splits.csv"
# While it trains.
LOG = "log"
CHECKPOINTS = "checkpoints"
BEST_CHECKPOINT = "best.ckpt"
# At its end.
TEST_PHOTOS = "test_photos.npz"
BUNDLE = "bundle"
UNFINISHED_BUNDLE = ".bundle"
METRICS = "metrics.json"
TEST_SCORES = "test_scores.csv"
REPORT_PAGE = "report.html"
REPORT_METRICS = "report.json"


def require_folder(folder: Path) -> None:
    """Check that there is a dataset folder.

    Raises
    ------
    DataInvalid : if there is none.
    """
    if not folder.exists():
        raise DataInvalid(f"{folder} does not exist; give the folder of the dataset.")
    if not folder.is_dir():
        raise DataInvalid(f"{folder} is a file; give the folder of the dataset.")


def require_finished(run_folder: Path, name: str = BUNDLE) -> Path:
    """Return what a run writes at its end.

    Raises
    ------
    DataInvalid : if the run is not there, or has not come to its end.
    """
    path = run_folder / name
    if path.exists():
        return path
    if not run_folder.is_dir():
        raise DataInvalid(f"{run_folder} does not exist; name the folder of a run that finished.")
    if not (run_folder / SETTINGS).is_file():
        raise DataInvalid(
            f"{run_folder} holds neither {name} nor {SETTINGS}; name the folder of a run that "
            "finished."
        )
    raise DataInvalid(
        f"{run_folder} holds no {name}: name a run that finished, or let it finish: "
        f"`hangtag train resume={shlex.quote(str(run_folder))}`."
    )
