"""The edge as a process: `python -m service.process ORDERS`, ORDERS being a file of JSON.

SIGUSR1: /ping says 503 and every answer is its connection's last, while requests are still taken.
SIGTERM: nobody can connect any more; what is under way is answered; then it ends.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import uvicorn
import uvloop
from prometheus_client import make_asgi_app
from starlette.types import ASGIApp, Receive, Scope, Send

from hangtag.bundle import describe_bundle
from hangtag.json_lines import JsonLines
from service.access_log import AccessLog, RotatingLog
from service.backends import Backend
from service.backends.local import LocalBackend
from service.backends.torchserve import TorchServeBackend
from service.connection import Connection, Door
from service.documents import documents
from service.edge import Edge
from service.end_with_parent import end_with_parent
from service.errors import BackendFailed
from service.metrics import Metrics
from service.orders import EdgeOrders
from service.settings import ServiceSettings

# Requests; what the edge itself has to say; and what its own workers have (of TorchServe's workers,
# TorchServe writes that file).
ACCESS_LOG, SERVICE_LOG = "access_log.log", "service_log.log"
APPLICATION_LOG = "application_log.log"
# Prometheus and a person with curl.
_METRICS_CONNECTIONS = 32
_BACKLOG = 2048
_FAILED = 3


def main(orders: EdgeOrders) -> int:
    """Serve until SIGTERM; return the exit code."""
    end_with_parent()
    # Who presses Ctrl-C means the launcher, which then asks in peace.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders.logs.mkdir(parents=True, exist_ok=True)
    try:
        uvloop.run(_serve(orders))
    except BaseExceptionGroup as group:
        if (failed := _failure_in(group)) is None:
            raise
    except BackendFailed as error:
        failed = error
    else:
        return 0
    # The last line on stderr is what the launcher tells.
    print(failed, file=sys.stderr, flush=True)
    return _FAILED


def _failure_in(group: BaseExceptionGroup) -> BaseException | None:
    """Return the failure of a backend that tasks have raised together, if that is all they have."""
    failures, rest = group.split(BackendFailed)
    failure: BaseException | None = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure if rest is None else None


async def _serve(orders: EdgeOrders) -> None:
    access = RotatingLog(orders.logs / ACCESS_LOG)
    service = RotatingLog(orders.logs / SERVICE_LOG)
    workers = RotatingLog(orders.logs / APPLICATION_LOG)
    _log_into(service)
    backend = _backend(orders, partial(_write_line, workers))
    bundle = describe_bundle(orders.bundle) if orders.bundle else None
    metrics = Metrics(orders.model, orders.version)
    if bundle is not None:
        metrics.begin(bundle.label_space, bundle.manifest.profile)
    edge = Edge(
        backend,
        orders.settings,
        AccessLog(access),
        metrics,
        model=orders.model,
        version=orders.version,
        pages=documents(orders.model, orders.version, bundle),
    )
    door = Door(orders.settings.affordable_connections)
    _watch(metrics, edge, backend, door, (access, service, workers))
    api = _server(edge, edge, door, orders.settings)
    numbers = _server(_only_metrics(metrics), edge, Door(_METRICS_CONNECTIONS), orders.settings)
    _drain_on_signals(edge, api)
    gc.collect()
    gc.freeze()
    working = [asyncio.create_task(each) for each in (backend.run(), edge.desk.run())]
    listening = asyncio.create_task(_listen(api, numbers, orders))
    try:
        # One that ends by itself has failed.
        done, _ = await asyncio.wait({listening, *working}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _listen(api: uvicorn.Server, numbers: uvicorn.Server, orders: EdgeOrders) -> None:
    of_numbers = asyncio.create_task(numbers.serve([_listener(orders.host, orders.metrics_port)]))
    await api.serve([_listener(orders.host, orders.port)])
    numbers.should_exit = True
    await of_numbers


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(_BACKLOG)
    return listener


def _backend(orders: EdgeOrders, log: Callable[[str], None]) -> Backend:
    patience_s = orders.settings.batch_timeout_s
    if orders.local is not None:
        return LocalBackend(orders.local, patience_s, log)
    if orders.torchserve is not None:
        return TorchServeBackend(orders.torchserve, patience_s)
    raise BackendFailed("The orders name no backend.")


class _Server(uvicorn.Server):
    """Without uvicorn's own way with signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp, edge: Edge, door: Door, settings: ServiceSettings) -> _Server:
    config = uvicorn.Config(
        app,
        http=partial(Connection, edge, door),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=settings.idle_timeout_ms // 1000 or 1,
        timeout_graceful_shutdown=int(settings.longest_request_s) + 1,
    )
    return _Server(config)


def _only_metrics(metrics: Metrics) -> ASGIApp:
    shown = make_asgi_app(metrics.registry)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_metrics = scope["path"].rstrip("/") in ("/metrics", "")
        if is_metrics and scope["method"] in ("GET", "HEAD"):
            await shown(scope, receive, send)
            return
        status = 405 if is_metrics else 404
        headers = [(b"content-length", b"0"), (b"allow", b"GET, HEAD"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return app


def _watch(
    metrics: Metrics, edge: Edge, backend: Backend, door: Door, logs: tuple[RotatingLog, ...]
) -> None:
    watched: dict[str, Callable[[], float]] = {
        "hangtag_workers_ready": lambda: backend.workers_ready,
        "hangtag_workers_wanted": lambda: backend.workers_wanted,
        "hangtag_worker_restarts_total": lambda: backend.restarts,
        "hangtag_waiting": lambda: edge.desk.waiting,
        "hangtag_in_flight": lambda: edge.desk.in_flight,
        "hangtag_held_bytes": lambda: edge.budget.held_bytes,
        "hangtag_connections": lambda: door.count,
        "hangtag_connections_limit": lambda: door.limit,
        "hangtag_lost_log_lines_total": lambda: sum(log.lost_lines for log in logs),
    }
    for name, value in watched.items():
        metrics.watch(name, value)


def _drain_on_signals(edge: Edge, api: uvicorn.Server) -> None:
    def begin() -> None:
        edge.is_draining = True

    def end() -> None:
        begin()
        api.should_exit = True

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, begin)
    loop.add_signal_handler(signal.SIGTERM, end)


def _log_into(handler: logging.Handler) -> None:
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # What callers do wrong is in the access log.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)


def _write_line(handler: logging.Handler, line: str) -> None:
    handler.handle(_Line(line))


class _Line(logging.LogRecord):
    """What a worker printed, which has its form already."""

    def __init__(self, line: str) -> None:
        super().__init__("worker", logging.INFO, "", 0, line, None, None)


if __name__ == "__main__":
    sys.exit(main(EdgeOrders.model_validate_json(Path(sys.argv[1]).read_bytes())))
