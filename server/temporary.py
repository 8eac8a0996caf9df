"""A server on free ports, for tests and measurements: `with serving(archive) as address:`."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from server.archive import open_archive
from server.plan import ServingPlan
from server.ports import HOST, Ports, url
from server.processes import worker_pids
from server.readiness import metric_of, read_metrics, wait_until_ready
from server.tagger_server import BackendName, TaggerServer
from server.torchserve import MODEL_NAME

# Above the ports that people use, below those that the system hands out by itself.
FIRST_PORT, LAST_PORT = 20000, 32000
READY_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class ServingAddress:
    """Where a server that is ready can be reached, and what runs it."""

    inference_url: str
    management_url: str
    metrics_url: str
    workers: int
    # The edge's, and the id of the group that all processes belong to.
    pid: int
    logs: Path
    backend: BackendName = "torchserve"

    def worker_pids(self) -> list[int]:
        """Return the processes that load the model, or have; the oldest first."""
        return worker_pids(self.pid)

    def waiting(self) -> int:
        """Return how many requests wait for a worker."""
        return int(metric_of(read_metrics(urlsplit(self.metrics_url).port or 0), "hangtag_waiting"))

    @property
    def predictions_url(self) -> str:
        """Where products are sent."""
        return f"{self.inference_url}/predictions/{MODEL_NAME}"


def free_ports() -> Ports:
    """Three neighbouring ports that nothing listens on."""
    for port in range(FIRST_PORT + _start_of_search(), LAST_PORT, 3):
        if all(_is_free(each) for each in (port, port + 1, port + 2)):
            return Ports(port)
    raise RuntimeError("No three neighbouring ports are free.")


@contextmanager
def serving(
    archive: Path,
    logs: Path | None = None,
    plan: ServingPlan | None = None,
    backend: BackendName = "torchserve",
) -> Iterator[ServingAddress]:
    """Serve an archive on free ports until the block ends; ready when it begins."""
    with ExitStack() as resources:
        if logs is None:
            logs = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        ports = free_ports()
        server = resources.enter_context(
            TaggerServer(open_archive(archive), ports, logs, plan, backend=backend)
        )
        workers = wait_until_ready(server, timeout_s=READY_TIMEOUT_S)
        yield ServingAddress(
            inference_url=url(ports.inference),
            management_url=url(ports.management),
            metrics_url=url(ports.metrics),
            workers=workers,
            pid=server.pid,
            logs=logs,
            backend=backend,
        )


def _start_of_search() -> int:
    # Test processes that start at the same time must not all try the same ports.
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port % 3000 * 3


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
