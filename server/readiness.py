"""Waits until every worker has loaded the model, or says within seconds why none will."""

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any

from hangtag.errors import ServerUnavailable
from server.logs import last_exception
from server.ports import HOST
from server.tagger_server import TaggerServer
from server.torchserve import MODEL_NAME

# Longer than the archive's own startupTimeout, which ends a worker that hangs.
START_TIMEOUT_S = 300.0
POLL_INTERVAL_S = 0.1
ANSWER_TIMEOUT_S = 2.0
# A worker's last lines pass through other threads than the news of its death, on a busy machine
# seconds later. The first that come may not be the last.
LAST_LINES_DELAY_S = 0.5
LAST_LINES_TIMEOUT_S = 5.0
# TorchServe logs it for each worker that dies and will be started again, for minutes.
WORKER_DIED = "Retry worker: "
MODEL_REFUSED = "Failed to load model: "


def wait_until_ready(
    server: TaggerServer,
    timeout_s: float = START_TIMEOUT_S,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Return the number of workers, once all that the archive asks for are ready.

    Raises
    ------
    ServerUnavailable : if Java ends, the archive is refused, a worker dies while loading, or
        `timeout_s` has passed. The sentence carries the decisive line and where the logs are.
    """
    give_up_at = time.monotonic() + timeout_s
    while time.monotonic() < give_up_at:
        _require_alive(server)
        ready, wanted = workers_of(server.ports.metrics, server.ports.host)
        if ready >= wanted > 0:
            return ready
        sleep(POLL_INTERVAL_S)
    raise _unavailable(server, f"is not ready after {timeout_s:.0f} s")


def workers_of(metrics_port: int, host: str = HOST) -> tuple[int, int]:
    """Return how many workers have loaded the model, and how many shall; 0 without an answer."""
    text = read_metrics(metrics_port, host)
    ready, wanted = (
        int(metric_of(text, name)) for name in ("hangtag_workers_ready", "hangtag_workers_wanted")
    )
    return ready, wanted


def metric_of(text: str, name: str) -> float:
    """Return a metric, all its series added up, or one of them; 0 where there is none."""
    values = re.findall(rf"^{re.escape(name)}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
    return sum(map(float, values))


def read_metrics(port: int, host: str = HOST) -> str:
    """Return what the edge tells Prometheus; "" where it does not answer."""
    # 0.0.0.0 is every address, and no address to ask.
    connection = http.client.HTTPConnection(
        HOST if host in ("0.0.0.0", "::") else host,  # noqa: S104 - compared, not bound
        port,
        timeout=ANSWER_TIMEOUT_S,
    )
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def describe_model(management_port: int) -> dict[str, Any] | None:
    """Return what TorchServe says of the tagger; None as long as it does not answer so."""
    connection = http.client.HTTPConnection(HOST, management_port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", f"/models/{MODEL_NAME}")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if answer.status != http.client.OK:
        return None
    model: dict[str, Any] = json.loads(body)[0]
    return model


def ready_workers(management_port: int) -> int:
    """Return the number of workers, if all that were asked for have loaded the model; else 0."""
    model = describe_model(management_port)
    if model is None:
        return 0
    ready = sum(worker["status"] == "READY" for worker in model["workers"])
    return ready if ready >= max(1, model["minWorkers"]) else 0


def _require_alive(server: TaggerServer) -> None:
    if server.exit_code is not None:
        reason = server.logs.last_words() or f"it ended with code {server.exit_code}"
        raise _unavailable(server, f"stopped while starting: {reason}")
    lines = server.logs.server_lines()
    for number, line in enumerate(lines):
        if line.startswith(MODEL_REFUSED):
            raise _unavailable(server, f"refused the archive: {_refusal(lines[number + 1 :])}")
        if line.startswith(WORKER_DIED):
            raise _unavailable(server, f"could not load the model: {_cause_of_death(server)}")


def _refusal(stack: list[str]) -> str:
    return stack[0] if stack else "no reason given"


def _cause_of_death(server: TaggerServer) -> str:
    give_up_at = time.monotonic() + LAST_LINES_TIMEOUT_S
    while time.monotonic() < give_up_at:
        time.sleep(LAST_LINES_DELAY_S)
        logs = server.logs
        if cause := logs.last_error_of_a_worker() or last_exception(logs.server_lines()):
            return cause
    return "the worker was killed; there may be too little memory"


def _unavailable(server: TaggerServer, what: str) -> ServerUnavailable:
    return ServerUnavailable(f"The server {what.rstrip('.')}. Logs: {server.logs.folder}")
