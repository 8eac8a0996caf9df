"""SIGKILL on what started the server: nothing of it lives on, and another can take its place."""

import socket
from pathlib import Path

import psutil

from chaos.server import ServerUnderTrial, eventually, kill
from chaos.settings import ChaosSettings
from chaos.variant_server import VariantOrders, serving_variant
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.load import Load

_END_TIMEOUT_S = 5.0
_LOOK_TIMEOUT_S = 0.5


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Kill the launcher of a server of its own, which is at rest."""
    orders = VariantOrders(archive=server.archive.resolve(), backend=server.backend)
    with serving_variant(orders) as serving:
        orphaned = ServerUnderTrial(serving, server.archive)
        ports = [each.port for each in (orphaned.address, orphaned.metrics)]
        processes = orphaned.processes()
        folder = _run_folder(processes[0])
        kill(_launcher_of(processes[0]))
        eventually(lambda: not _living(orphaned), _END_TIMEOUT_S)
        left = len(_living(orphaned))
        taken = sum(_is_taken(server.address.host, port) for port in ports)
    with serving_variant(orders):
        stale = folder.exists()
    return Row(
        "launcher killed",
        f"SIGKILL on what started {len(processes)} processes",
        (
            Check("processes", len(processes), 1 + server.worker_count, at_least=True),
            Check("still there after 5 s", left, 0),
            Check("ports still taken", taken, 0),
            Check("folder still there after the next start", int(stale), 0),
        ),
    )


def _run_folder(edge: psutil.Process) -> Path:
    # It is told by a file there what to do.
    return Path(edge.cmdline()[-1]).parent


def _living(server: ServerUnderTrial) -> list[psutil.Process]:
    # Whoever adopts them may bury them later.
    return [each for each in server.processes() if each.status() != psutil.STATUS_ZOMBIE]


def _launcher_of(process: psutil.Process) -> psutil.Process:
    parent = process.parent()
    if parent is None:
        raise psutil.NoSuchProcess(process.ppid())
    return parent


def _is_taken(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_LOOK_TIMEOUT_S):
            return True
    except OSError:
        return False
