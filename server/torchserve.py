"""TorchServe as it is, with one archive: the Java process and its workers."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from hangtag.errors import ServerUnavailable
from server.archive import Archive
from server.java import find_java
from server.plan import ServingPlan, as_properties
from server.ports import Ports
from server.settings import INFERENCE_SOCKET, LOGGING, PROPERTIES, write_config
from service.orders import TorchServePlan

MODEL_NAME = "tagger"
MODEL_FILE = f"{MODEL_NAME}.mar"
# What workers import before anything else.
WORKER_PATH = Path(__file__).resolve().parent / "worker_path"
# Links in the run folder: Java splits what it is to load at each `:`, Python what it is to import,
# and the folders that those lie in may be named as people please.
_LINK_TO_TORCHSERVE = "torchserve"
_LINK_TO_WORKER_PATH = "worker_path"
_PROJECT = Path(__file__).resolve().parents[1]


def start_torchserve(
    archive: Archive,
    ports: Ports,
    plan: ServingPlan,
    run_folder: Path,
    environment: Mapping[str, str],
    console: IO[bytes],
    group: int,
) -> subprocess.Popen[bytes]:
    """Start it in a folder of its own, and in the process group of the edge.

    Raises
    ------
    ServerUnavailable : if Java or TorchServe is not installed.
    """
    java, home = find_java(), _torchserve_home()
    settings = as_properties(plan, MODEL_NAME, archive.model_version, MODEL_FILE)
    java_arguments = write_config(run_folder, ports, settings)
    (run_folder / MODEL_FILE).symlink_to(archive.path)
    (run_folder / _LINK_TO_TORCHSERVE).symlink_to(home)
    (run_folder / _LINK_TO_WORKER_PATH).symlink_to(WORKER_PATH)
    return subprocess.Popen(
        [
            # Java cannot ask by itself to end with the launcher.
            *(sys.executable, str(_PROJECT / "service" / "end_with_parent.py")),
            *(str(java), *java_arguments, *_arguments(home, run_folder)),
        ],
        cwd=run_folder,
        env={**environment, "PYTHONPATH": str(run_folder / _LINK_TO_WORKER_PATH)},
        stdin=subprocess.DEVNULL,
        stdout=console,
        stderr=subprocess.STDOUT,
        process_group=group,
    )


def plan_of_edge(
    archive: Archive, ports: Ports, plan: ServingPlan, run_folder: Path
) -> TorchServePlan:
    """Return what the edge must know of it."""
    return TorchServePlan(
        socket=run_folder / INFERENCE_SOCKET,
        management_port=ports.management,
        model=MODEL_NAME,
        workers=plan.workers,
        batch_size=plan.batch_size,
        forms_as_they_are=not archive.takes_bodies_whole,
    )


def _arguments(torchserve_home: Path, run_folder: Path) -> list[str]:
    return [
        f"-Dmodel_server_home={torchserve_home}",
        f"-Djava.io.tmpdir={run_folder}",
        f"-Dlog4j.configurationFile={LOGGING}",
        "-cp",
        f"{_LINK_TO_TORCHSERVE}/ts/frontend/*",
        "org.pytorch.serve.ModelServer",
        "--python",
        sys.executable,
        "--ts-config-file",
        PROPERTIES,
        "--no-config-snapshot",
        "--model-store",
        str(run_folder),
        "--models",
        f"{MODEL_NAME}={MODEL_FILE}",
    ]


def _torchserve_home() -> Path:
    # Found, not imported: importing it would take seconds.
    package = importlib.util.find_spec("ts")
    if package is None or package.origin is None:
        raise ServerUnavailable("TorchServe is not installed; `pip install -e '.[serve]'` does it.")
    return Path(os.path.realpath(package.origin)).parents[1]
