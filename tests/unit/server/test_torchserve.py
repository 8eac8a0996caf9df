"""What TorchServe is started with."""

import importlib.util
from pathlib import Path

import pytest

from hangtag.errors import ServerUnavailable
from server.archive import Archive
from server.plan import ServingPlan
from server.ports import Ports
from server.temporary import free_ports
from server.torchserve import TorchServe, _environment, _run_folder

PLAN = ServingPlan(workers=2, threads=3, batch_size=8)
ARCHIVE = Archive(Path("tagger.mar"), size_bytes=1, model_version="1.0", has_other_code=False)


@pytest.mark.parametrize("name", ["TS_CONFIG_FILE", "TS_MODEL_SERVER_HOME", "PYTHONPATH"])
def test_nothing_overrules_the_settings_or_the_archive(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("OTHER", "1")
    environment = _environment(Path("/run"), Path("/logs"), PLAN)
    assert environment.get(name) != "/elsewhere"
    assert environment["OTHER"] == "1"


def test_workers_learn_their_part_of_the_machine() -> None:
    environment = _environment(Path("/run"), Path("/logs"), PLAN)
    assert environment["OMP_NUM_THREADS"] == "3"


def test_workers_give_memory_back_unless_the_operator_wants_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    environment = _environment(Path("/run"), Path("/logs"), PLAN)
    assert environment["MALLOC_ARENA_MAX"] == "8"
    assert environment["MALLOC_MMAP_THRESHOLD_"] == "1048576"


def test_temporary_files_and_logs_have_their_own_places() -> None:
    environment = _environment(Path("/run"), Path("/logs"), PLAN)
    assert {environment["TEMP"], environment["TMPDIR"]} == {"/run"}
    assert {environment["LOG_LOCATION"], environment["METRICS_LOCATION"]} == {"/logs"}


def test_a_temp_folder_too_long_for_a_socket_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with _run_folder() as folder:
        assert not folder.startswith(str(long))
    assert not Path(folder).exists()


def test_a_missing_torchserve_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(ServerUnavailable, match="TorchServe is not installed"),
        TorchServe(ARCHIVE, free_ports(), tmp_path),
    ):
        pass


def test_a_server_that_was_not_started_has_no_process(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match="has not been started"):
        _ = TorchServe(ARCHIVE, Ports(8080), tmp_path).pid
