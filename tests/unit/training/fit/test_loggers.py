"""Where figures go."""

import importlib.util
import warnings
from pathlib import Path

import pytest
from pytorch_lightning.loggers import CSVLogger, MLFlowLogger, TensorBoardLogger

from hangtag.errors import SettingsInvalid
from training.fit.loggers import make_loggers, require_loggers
from training.settings import TrainingSettings, make_settings


def settings(loggers: str) -> TrainingSettings:
    return make_settings(Path("none"), {"network.weights": "none", "loggers": loggers})


def test_the_csv_is_always_there(tmp_path: Path) -> None:
    (only,) = make_loggers(settings("csv"), tmp_path)
    assert isinstance(only, CSVLogger)
    assert isinstance(make_loggers(settings("tensorboard"), tmp_path)[0], CSVLogger)


def test_each_attempt_has_a_folder_of_its_own(tmp_path: Path) -> None:
    for attempt in ("attempt-01", "attempt-02"):
        (logger,) = make_loggers(settings("csv"), tmp_path)
        assert isinstance(logger, CSVLogger)
        assert Path(logger.log_dir) == tmp_path / "log" / attempt
        logger.log_metrics({"loss": 1.0}, step=0)
        logger.save()


def test_tensorboard_writes_beside_the_csv(tmp_path: Path) -> None:
    _, logger = make_loggers(settings("csv,tensorboard"), tmp_path)
    assert isinstance(logger, TensorBoardLogger)
    logger.log_hyperparams(settings("csv,tensorboard").model_dump(mode="json"))
    logger.log_metrics({"loss": 1.0}, step=0)
    logger.finalize("success")
    assert list((tmp_path / "log" / "attempt-01").glob("events.out.tfevents.*"))


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="mlflow is installed")
def test_a_logger_that_is_not_installed_is_named_with_what_brings_it() -> None:
    with pytest.raises(
        SettingsInvalid, match=r"mlflow is not .*: .venv/bin/pip install -e '\.\[mlflow\]'"
    ):
        require_loggers(settings("csv,mlflow"))


def test_what_is_not_asked_for_need_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    require_loggers(settings("csv"))
    with pytest.raises(SettingsInvalid, match="tensorboard is not installed"):
        require_loggers(settings("csv,tensorboard"))


def test_mlflow_keeps_figures_and_settings_in_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's, of its own dependencies
        _, logger = make_loggers(settings("csv,mlflow"), tmp_path)
        assert isinstance(logger, MLFlowLogger)
        logger.log_hyperparams({"epochs": 3})
        logger.log_metrics({"loss": 0.5}, step=0)
        logger.finalize("success")
        database = f"sqlite:///{tmp_path / 'log' / 'mlflow.db'}"
        run = mlflow.MlflowClient(database).get_run(logger.run_id)
    assert run.data.params == {"epochs": "3"}
    assert run.data.metrics == {"loss": 0.5}
    assert run.info.run_name == f"{tmp_path.name}/attempt-01"
