"""What a server is started with."""

import importlib.util
from pathlib import Path

import pytest

from hangtag.engine import DECIDED_PRECISION
from hangtag.errors import ServerUnavailable
from server.archive import Archive
from server.environment import environment_of
from server.plan import ServingPlan
from server.ports import Ports
from server.speed import Speed
from server.tagger_server import TaggerServer
from server.temporary import free_ports

PLAN = ServingPlan(workers=2, threads=3, batch_size=8)
ARCHIVE = Archive(Path("tagger.mar"), size_bytes=1, model_version="1.0", has_other_code=False)


@pytest.mark.parametrize("name", ["TS_CONFIG_FILE", "TS_MODEL_SERVER_HOME", "PYTHONPATH"])
def test_nothing_overrules_the_settings_or_the_archive(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("OTHER", "1")
    environment = environment_of(Path("/run"), Path("/logs"), PLAN, None)
    assert environment.get(name) != "/elsewhere"
    assert environment["OTHER"] == "1"


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "Db_Password", "HF_TOKEN", "X_API_KEY"])
def test_no_process_sees_a_secret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "hush")
    assert "hush" not in environment_of(Path("/run"), Path("/logs"), PLAN, None).values()


def test_workers_are_told_in_which_numbers_the_network_was_the_fastest() -> None:
    speed = Speed(machine="m", bundle="b", precision="bf16", photos_per_second={"bf16": 2.0})
    environment = environment_of(Path("/run"), Path("/logs"), PLAN, speed)
    assert environment[DECIDED_PRECISION] == "bf16"
    assert DECIDED_PRECISION not in environment_of(Path("/run"), Path("/logs"), PLAN, None)


def test_workers_learn_their_part_of_the_machine() -> None:
    environment = environment_of(Path("/run"), Path("/logs"), PLAN, None)
    assert environment["OMP_NUM_THREADS"] == "3"


def test_workers_give_memory_back_unless_the_operator_wants_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    environment = environment_of(Path("/run"), Path("/logs"), PLAN, None)
    assert environment["MALLOC_ARENA_MAX"] == "8"
    assert environment["MALLOC_MMAP_THRESHOLD_"] == "1048576"


def test_temporary_files_and_logs_have_their_own_places() -> None:
    environment = environment_of(Path("/run"), Path("/logs"), PLAN, None)
    assert {environment["TEMP"], environment["TMPDIR"]} == {"/run"}
    assert {environment["LOG_LOCATION"], environment["METRICS_LOCATION"]} == {"/logs"}


def test_a_missing_torchserve_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("server.tagger_server.lay_out_bundle", lambda *_, **__: None)
    with (
        pytest.raises(ServerUnavailable, match="TorchServe is not installed"),
        TaggerServer(ARCHIVE, free_ports(), tmp_path),
    ):
        pass


def test_a_server_that_was_not_started_has_no_process(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match="has not been started"):
        _ = TaggerServer(ARCHIVE, Ports(8080), tmp_path).pid
