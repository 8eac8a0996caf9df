"""How many workers serve on this machine, with how many threads and photos at a time.

A matter of the machine and not of the archive. `make tune` measures the best plan and writes it to
serve_config/plan.json; on a machine without one, or with one of another machine, `default_plan`
holds.
"""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hangtag.engine.choice import has_cuda
from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault
from hangtag.hardware import read_cpu, usable_cores
from server.memory import affordable_workers, usable_bytes
from server.settings import SERVE_CONFIG

PLAN = SERVE_CONFIG / "plan.json"
# A Python process can read, decode and answer for about this many cores before its own lock holds
# them up.
_CORES_PER_WORKER = 8
_CPU_BATCH, _GPU_BATCH = 8, 32


class ServingPlan(BaseModel):
    """What TorchServe and its workers are started with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int = Field(ge=1)
    # Threads of the network in one worker, and of its decoding.
    threads: int = Field(ge=1)
    # Products that one call of the handler gets at most.
    batch_size: int = Field(ge=1)
    # Milliseconds that an unfilled batch waits, a lone request too; a backlog fills batches at 1 as
    # well, and 0 silently becomes 100 (wlm/Model.java).
    batch_delay_ms: int = Field(1, ge=1)


class TunedPlan(BaseModel):
    """plan.json: a plan and the machine that it was measured on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    machine: str
    plan: ServingPlan


def machine_plan(unpacked_bytes: int = 0, *, java: bool = True) -> ServingPlan:
    """Return the plan of this machine, or of the part of it that a container may use.

    The tuned one, or the default; never with more workers than find room in memory.

    Parameters
    ----------
    unpacked_bytes : of the archive, which takes memory where /tmp is a tmpfs
    java : whether TorchServe runs the workers

    Raises
    ------
    SettingsInvalid : if plan.json cannot be read.
    """
    tuned = read_plan(PLAN)
    most_workers = affordable_workers(usable_bytes(), unpacked_bytes, java=java)
    if tuned is not None and tuned.machine == describe_machine():
        workers = min(tuned.plan.workers, most_workers)
        return tuned.plan.model_copy(update={"workers": workers})
    return default_plan(usable_cores(), count_gpus(), most_workers)


def default_plan(cores: int, gpus: int, most_workers: int | None = None) -> ServingPlan:
    """Return a good plan for a machine that was not measured.

    On CPUs two workers at least, each with all its cores' threads twice over: while one of them
    decodes or waits for TorchServe the other computes, and a lone photo gets all cores. On GPUs
    two workers each, so that one decodes while the other computes. Fewer, if `most_workers` are
    all that find room.
    """
    if gpus:
        workers = min(2 * gpus, most_workers or 2 * gpus)
        return ServingPlan(workers=workers, threads=max(1, cores // workers), batch_size=_GPU_BATCH)
    workers = 1 if cores == 1 else max(2, cores // _CORES_PER_WORKER)
    workers = min(workers, most_workers or workers)
    return ServingPlan(
        workers=workers, threads=max(1, min(cores, 2 * cores // workers)), batch_size=_CPU_BATCH
    )


def read_plan(path: Path) -> TunedPlan | None:
    """Return the plan in a file; None if there is no such file.

    Raises
    ------
    SettingsInvalid : if it is no plan.
    """
    try:
        return TunedPlan.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        fault = first_fault(error, TunedPlan).at("the plan")
        raise SettingsInvalid(
            f"{path.name}: {fault}; delete it, or measure it again with `hangtag tune`."
        ) from error


def write_plan(plan: ServingPlan, path: Path) -> None:
    """Write a plan for this machine."""
    tuned = TunedPlan(machine=describe_machine(), plan=plan)
    path.write_text(tuned.model_dump_json(indent=1) + "\n", encoding="utf-8")


def describe_machine() -> str:
    """Name the hardware that a plan depends on."""
    cpu, gpus = read_cpu(), count_gpus()
    return f"{cpu.name}, {usable_cores()} cores" + (f", {gpus} GPUs" if gpus else "")


def count_gpus() -> int:
    """Return the number of NVIDIA GPUs that the workers can use."""
    tool = shutil.which("nvidia-smi")
    # The container's image for CPUs has OpenVINO only.
    if tool is None or importlib.util.find_spec("onnxruntime") is None or not has_cuda():
        return 0
    listed = subprocess.run(
        [tool, "--list-gpus"], capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def as_properties(plan: ServingPlan, model: str, version: str, archive: str) -> dict[str, str]:
    """Return the setting of config.properties that carries a plan to TorchServe.

    https://pytorch.org/serve/configuration.html#config-model; it holds as long as the archive's
    own model-config.yaml does not name these keys.
    """
    entry = {
        "defaultVersion": True,
        "marName": archive,
        "minWorkers": plan.workers,
        "maxWorkers": plan.workers,
        "batchSize": plan.batch_size,
        "maxBatchDelay": plan.batch_delay_ms,
    }
    return {"models": json.dumps({model: {version: entry}})}
