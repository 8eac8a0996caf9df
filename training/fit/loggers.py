"""Where the figures of a run are logged, and how Lightning is kept from logging its own advice."""

import importlib.util
import logging
import os
import threading
import warnings
from pathlib import Path

from pytorch_lightning.loggers import CSVLogger, Logger, MLFlowLogger, TensorBoardLogger

from hangtag.errors import SettingsInvalid
from hangtag.files.full_disk import is_full_disk
from training.layout import LOG
from training.settings import LoggerName, TrainingSettings

# The extra of the package that brings what a logger needs.
_EXTRAS: dict[LoggerName, str] = {"tensorboard": "train", "mlflow": "mlflow"}


def require_loggers(settings: TrainingSettings) -> None:
    """Check that what the settings log to is installed.

    Raises
    ------
    SettingsInvalid : naming what to install.
    """
    for name, extra in _EXTRAS.items():
        if name in settings.loggers and importlib.util.find_spec(name) is None:
            raise SettingsInvalid(
                f"The logger {name} is not installed: .venv/bin/pip install -e '.[{extra}]', or "
                "leave it out of the setting loggers."
            )


def make_loggers(settings: TrainingSettings, run_folder: Path) -> list[Logger]:
    """Return the loggers of one attempt at a run; its learning curves are drawn from the csv's.

    MLflow's server is that of MLFLOW_TRACKING_URI; without one, a database in the run folder.
    """
    log_folder = run_folder / LOG
    log_folder.mkdir(parents=True, exist_ok=True)
    attempt = _next_attempt(log_folder)
    loggers: list[Logger] = [CSVLogger(run_folder, name=LOG, version=attempt)]
    if "tensorboard" in settings.loggers:
        loggers.append(
            TensorBoardLogger(run_folder, name=LOG, version=attempt, default_hp_metric=False)
        )
    if "mlflow" in settings.loggers:
        database = f"sqlite:///{(log_folder / 'mlflow.db').resolve()}"
        loggers.append(
            MLFlowLogger(
                experiment_name="hangtag",
                run_name=f"{run_folder.name}/{attempt}",
                tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or database,
            )
        )
    return loggers


def _next_attempt(log_folder: Path) -> str:
    # Lightning would empty the log of the attempt before.
    return f"attempt-{len(list(log_folder.glob('attempt-*'))) + 1:02d}"


def quieten() -> None:
    """Keep Lightning's advice, meant for its developers, off the operator's screen."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module=name)
    threading.excepthook = _say_nothing_of_a_full_disk


def _say_nothing_of_a_full_disk(args: threading.ExceptHookArgs) -> None:
    """TensorBoard writes in a thread of its own; what stops it, the next step of training says."""
    if args.exc_value is None or not is_full_disk(args.exc_value):
        threading.__excepthook__(args)
