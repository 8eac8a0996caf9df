"""TorchServe's own server with its own handler, as its documentation starts it."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hangtag.errors import ServerUnavailable
from loadtest.served import Served
from server.java import find_java
from server.ports import Ports, url
from server.readiness import ready_workers
from server.temporary import free_ports
from server.torchserve import MODEL_NAME

_READY_TIMEOUT_S = 180.0
_POLL_INTERVAL_S = 0.1
_STOP_TIMEOUT_S = 8.0
_VERSION = "1.0"


@dataclass(frozen=True)
class StockSettings:
    """Batching as in docs/batch_inference_with_ts.md; the rest as TorchServe chooses it.

    workers None: one for each core (docs/getting_started.md). threads None: torch's own default,
    all cores in each worker; else OMP_NUM_THREADS.
    """

    batch_size: int = 8
    max_batch_delay_ms: int = 50
    workers: int | None = None
    threads: int | None = None

    def model_configuration(self) -> dict[str, Any]:
        """The entry of the model in config.properties."""
        batching = {
            "defaultVersion": True,
            "marName": f"{MODEL_NAME}.mar",
            "batchSize": self.batch_size,
            "maxBatchDelay": self.max_batch_delay_ms,
            "responseTimeout": 120,
        }
        workers = self.workers
        return batching if workers is None else batching | _worker_limits(workers)

    def describe(self, workers: int) -> dict[str, Any]:
        """What the report says of them; `workers` as many as there were."""
        return {
            "handler": "image_classifier",
            "model": "TorchScript, traced, fp32",
            "workers": workers,
            "threads_per_worker": self.threads or "torch's default",
            "batch_size": self.batch_size,
            "max_batch_delay_ms": self.max_batch_delay_ms,
        }


DOCUMENTED = StockSettings()


def hand_tuned(cores: int) -> tuple[StockSettings, ...]:
    """Return other settings that an operator would try, one of which may be faster."""
    return (
        StockSettings(workers=1),
        StockSettings(workers=cores, threads=1),
        StockSettings(workers=cores, threads=1, batch_size=1, max_batch_delay_ms=1),
    )


def require_stock_handler() -> None:
    """See that what the handler imports is there.

    Raises
    ------
    ServerUnavailable : if it is not.
    """
    if importlib.util.find_spec("captum") is None:
        raise ServerUnavailable(
            "TorchServe's image_classifier handler imports captum; `pip install captum` brings it."
        )


@contextmanager
def serve_stock(archive: Path, settings: StockSettings, logs: Path) -> Iterator[Served]:
    """Serve an archive with plain TorchServe on free ports until the block ends.

    Raises
    ------
    ServerUnavailable : if it is not installed, or does not become ready.
    """
    home, java = _torchserve_home(), find_java()
    require_stock_handler()
    ports = free_ports()
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stock-", ignore_cleanup_errors=True) as run_folder:
        _write_config(Path(run_folder), ports, settings)
        begin_s = time.perf_counter()
        with (logs / "console.log").open("wb") as console:
            process = subprocess.Popen(
                [str(java), *_arguments(home, archive.resolve().parent, run_folder)],
                cwd=run_folder,
                env=_environment(run_folder, logs.resolve(), settings),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            workers = _wait_until_ready(process, ports, logs)
            startup_s = time.perf_counter() - begin_s
            address = f"{url(ports.inference)}/predictions/{MODEL_NAME}"
            yield Served(address, process.pid, startup_s, settings.describe(workers))
        finally:
            _stop(process)


def _worker_limits(workers: int) -> dict[str, int]:
    return {"minWorkers": workers, "maxWorkers": workers}


def _write_config(run_folder: Path, ports: Ports, settings: StockSettings) -> None:
    models = {MODEL_NAME: {_VERSION: settings.model_configuration()}}
    properties = {
        "inference_address": url(ports.inference),
        "management_address": url(ports.management),
        "metrics_address": url(ports.metrics),
        # Any free ones: another server of this machine may use the usual ones.
        "grpc_inference_port": "0",
        "grpc_management_port": "0",
        "disable_token_authorization": "true",
        "load_models": f"{MODEL_NAME}.mar",
        "models": json.dumps(models),
    }
    lines = [f"{name}={value}\n" for name, value in properties.items()]
    (run_folder / "config.properties").write_text("".join(lines), encoding="utf-8")


def _arguments(home: Path, model_store: Path, run_folder: str) -> list[str]:
    """What `torchserve --start` runs (ts/model_server.py)."""
    return [
        f"-Dmodel_server_home={home}",
        f"-Djava.io.tmpdir={run_folder}",
        *("-cp", f".:{home}/ts/frontend/*", "org.pytorch.serve.ModelServer"),
        *("--python", sys.executable, "-f", "config.properties"),
        *("-s", str(model_store), "-ncs"),
    ]


def _environment(run_folder: str, logs: Path, settings: StockSettings) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TS_")}
    threads = {} if settings.threads is None else {"OMP_NUM_THREADS": str(settings.threads)}
    temporary = dict.fromkeys(("TEMP", "TMPDIR"), run_folder)
    locations = dict.fromkeys(("LOG_LOCATION", "METRICS_LOCATION"), str(logs))
    return {**inherited, **temporary, **locations, **threads}


def _wait_until_ready(process: subprocess.Popen[bytes], ports: Ports, logs: Path) -> int:
    give_up_at_s = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < give_up_at_s and process.poll() is None:
        if workers := ready_workers(ports.management):
            return workers
        time.sleep(_POLL_INTERVAL_S)
    raise ServerUnavailable(f"The stock server does not become ready; its logs are in {logs}.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number, timeout_s in ((signal.SIGTERM, _STOP_TIMEOUT_S), (signal.SIGKILL, _STOP_TIMEOUT_S)):
        # Its workers too: they are in its group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)


def _torchserve_home() -> Path:
    # Found, not imported: importing it would take seconds.
    package = importlib.util.find_spec("ts")
    if package is None or package.origin is None:
        raise ServerUnavailable("TorchServe is not installed; `pip install -e '.[serve]'` does it.")
    return Path(package.origin).resolve().parents[1]
