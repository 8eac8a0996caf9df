"""TorchServe as it is, behind the edge: it batches, keeps workers running, and sees nobody else.

The edge holds the line, and lets no more in than is about to be run; so nothing ever has to be
taken out of TorchServe's own queue. A request goes there as one body, whatever it is, with what
TorchServe would lose of it as headers (handlers/rows.py).
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

import aiohttp
from pydantic import ValidationError

from hangtag.errors import RequestFailed
from hangtag.handover import PROBLEM_JSON, HandedAnswer, HandedRequest, Measured
from hangtag.schema import Problem
from service.errors import WorkerLost
from service.orders import TorchServePlan

logger = logging.getLogger(__name__)

_CONTENT_TYPE, _QUERY = "x-hangtag-content-type", "x-hangtag-query"
_DEADLINE, _REQUEST_ID = "x-hangtag-until-ms", "x-hangtag-request-id"
_MEASURED = "x-hangtag-measured"
_OPAQUE = "application/octet-stream"
# TorchServe's own words for a request whose worker has ended.
_WORKER_DIED, _OF_LOST_WORKERS = b"Worker died", (503, 507)
# Batches that lie ready for each worker while it is at one.
_BATCHES_AHEAD = 2
_LOOK_INTERVAL_S = 0.25
_LOSS_TAKES_S = 0.05
# maxRetryTimeoutInSec of model-config.yaml, and the time to load.
_GIVEN_UP_S = 330.0
_LOOK_TIMEOUT_S = 2.0
# TorchServe ends a worker that does not answer; its own limit comes first.
_PATIENCE_S = 10.0
_MAX_HEADER_BYTES = 1 << 18


class TorchServeBackend:
    """A TorchServe that somebody else has started, and ends."""

    def __init__(self, plan: TorchServePlan, batch_timeout_s: float) -> None:
        self._plan = plan
        self._timeout = aiohttp.ClientTimeout(total=batch_timeout_s + _PATIENCE_S)
        self._ready = asyncio.Event()
        self._pids: dict[str, int] = {}
        self.batch_size = 1
        self.workers_wanted = plan.workers
        self.workers_ready = 0
        self.restarts = 0
        self._whole_at_s = time.monotonic()
        self.heavy_lanes = max(1, plan.workers - 1)
        places = plan.workers * plan.batch_size * _BATCHES_AHEAD
        self.lanes = [_Lane(self) for _ in range(places)]
        self._session: aiohttp.ClientSession
        self._management: aiohttp.ClientSession

    async def run(self) -> None:
        """Watch the workers, until cancelled."""
        connector = aiohttp.UnixConnector(str(self._plan.socket), limit=0, keepalive_timeout=3600)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                max_field_size=_MAX_HEADER_BYTES,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            ) as self._session,
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_LOOK_TIMEOUT_S)
            ) as self._management,
        ):
            while True:
                await self._look()
                await asyncio.sleep(_LOOK_INTERVAL_S)

    @property
    def has_given_up(self) -> bool:
        """Whether a worker is missing for longer than TorchServe tries to bring it back."""
        return time.monotonic() - self._whole_at_s > _GIVEN_UP_S

    async def ready(self) -> None:
        """Return when a worker has loaded the model."""
        await self._ready.wait()

    async def post(self, request: HandedRequest) -> HandedAnswer:
        """Have one request answered.

        Raises
        ------
        WorkerLost : if its worker, or TorchServe, has ended.
        """
        try:
            async with self._session.post(
                f"http://torchserve/predictions/{self._plan.model}",
                data=request.body,
                headers=_headers(request, as_it_is=self._plan.forms_as_they_are),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise await self._lost() from error
        if answer.status >= 400 and answer.content_type != PROBLEM_JSON:
            if _WORKER_DIED in body or answer.status in _OF_LOST_WORKERS:
                raise await self._lost()
            return _failure(answer.status, body)
        return HandedAnswer(answer.status, body, _measured(answer.status, answer.headers))

    async def _lost(self) -> WorkerLost:
        # A moment later TorchServe knows it as well.
        await asyncio.sleep(_LOSS_TAKES_S)
        await self._look()
        return WorkerLost("The worker that had this request was lost; send it again.")

    async def _look(self) -> None:
        url = f"http://127.0.0.1:{self._plan.management_port}/models/{self._plan.model}"
        try:
            async with self._management.get(url) as answer:
                models = await answer.json() if answer.status == 200 else []
        except (aiohttp.ClientError, TimeoutError, ValueError):
            models = []
        workers = models[0]["workers"] if models else []
        self.workers_ready = sum(each["status"] == "READY" for each in workers)
        self.restarts += sum(self._is_another(each["id"], int(each["pid"])) for each in workers)
        if self.workers_ready >= self.workers_wanted:
            self._whole_at_s = time.monotonic()
        if self.workers_ready:
            self._ready.set()
        else:
            self._ready.clear()

    def _is_another(self, worker: str, pid: int) -> bool:
        """Whether another process has taken a worker's place since the last look."""
        # Below 1 before the first process has told its own.
        known = self._pids.get(worker)
        if pid > 0:
            self._pids[worker] = pid
        return pid > 0 and known is not None and known != pid


class _Lane:
    """A place in TorchServe's queue."""

    def __init__(self, backend: TorchServeBackend) -> None:
        self._backend = backend

    @property
    def is_ready(self) -> bool:
        return self._backend.workers_ready > 0

    async def ready(self) -> None:
        await self._backend.ready()

    async def answer(self, batch: Sequence[HandedRequest]) -> list[HandedAnswer]:
        return [await self._backend.post(request) for request in batch]


def _headers(request: HandedRequest, *, as_it_is: bool) -> dict[str, str]:
    headers = {
        "Content-Type": request.content_type if as_it_is else _OPAQUE,
        _CONTENT_TYPE: request.content_type,
        _QUERY: request.query,
        _REQUEST_ID: request.request_id,
    }
    if request.content_encoding:
        headers["Content-Encoding"] = request.content_encoding
    if request.deadline_s is not None:
        headers[_DEADLINE] = str(int(request.deadline_s * 1000))
    return headers


def _measured(status: int, headers: Mapping[str, str]) -> Measured:
    try:
        return Measured.model_validate_json(headers.get(_MEASURED, ""))
    except ValidationError:
        # The handler of an older release says nothing.
        return Measured(outcome="ok" if status < 400 else "unknown")


def _failure(status: int, body: bytes) -> HandedAnswer:
    logger.error("TorchServe answered with %d: %s", status, body[:300].decode("latin-1"))
    problem = Problem.of(RequestFailed("The server failed at this request; its logs say why."))
    return HandedAnswer(500, problem.model_dump_json().encode(), Measured(outcome=problem.code))
