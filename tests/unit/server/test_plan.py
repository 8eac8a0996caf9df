import json
from pathlib import Path

import pytest

import server.plan
from hangtag.cgroup import ControlGroups
from hangtag.errors import SettingsInvalid
from hangtag.hardware import usable_cores
from server.plan import (
    ServingPlan,
    TunedPlan,
    as_properties,
    default_plan,
    describe_machine,
    machine_plan,
    read_plan,
    write_plan,
)

OTHER = ServingPlan(workers=5, threads=3, batch_size=7)


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 8, 16, 48, 64])
def test_the_default_uses_all_cores_and_not_much_more(cores: int) -> None:
    plan = default_plan(cores, gpus=0)
    assert cores <= plan.workers * plan.threads <= 2 * cores
    assert plan.threads <= cores


def test_on_gpus_one_worker_decodes_while_the_other_computes() -> None:
    plan = default_plan(16, gpus=2)
    assert (plan.workers, plan.threads) == (4, 4)
    assert plan.batch_size > default_plan(16, gpus=0).batch_size


@pytest.mark.parametrize(("cores", "gpus"), [(16, 0), (64, 0), (16, 2)])
def test_what_finds_no_room_in_memory_is_left_out(cores: int, gpus: int) -> None:
    plan = default_plan(cores, gpus, most_workers=1)
    assert plan.workers == 1
    assert plan.threads == cores


def test_the_machines_plan_fits_into_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    monkeypatch.setattr(server.plan, "PLAN", path)
    monkeypatch.setattr(server.plan, "usable_bytes", lambda: 2 << 30)
    assert machine_plan().workers == 1
    write_plan(OTHER, path)
    assert machine_plan() == OTHER.model_copy(update={"workers": 1})
    monkeypatch.setattr(server.plan, "usable_bytes", lambda: 4 << 30)
    assert (machine_plan().workers, machine_plan(unpacked_bytes=1 << 30).workers) == (2, 1)


def test_a_quota_of_any_group_above_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ControlGroups, "quota_cores", lambda self: 0.5)
    assert usable_cores() == 1
    assert describe_machine().endswith("1 cores")


def test_a_tuned_plan_holds_on_its_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    monkeypatch.setattr(server.plan, "PLAN", path)
    write_plan(OTHER, path)
    assert machine_plan() == OTHER
    path.write_text(TunedPlan(machine="another", plan=OTHER).model_dump_json())
    assert machine_plan() != OTHER


@pytest.mark.parametrize("text", ["", "{}", '{"machine": "m", "plan": {"workers": 0}}'])
def test_a_broken_plan_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(SettingsInvalid, match=r"plan\.json: .*hangtag tune"):
        read_plan(tmp_path / "plan.json")


def test_torchserve_reads_the_plan_by_model_and_version() -> None:
    models = json.loads(as_properties(OTHER, "tagger", "2.0", "tagger.mar")["models"])
    entry = models["tagger"]["2.0"]
    assert (entry["minWorkers"], entry["maxWorkers"], entry["batchSize"]) == (5, 5, 7)
    assert entry["maxBatchDelay"] == 1
