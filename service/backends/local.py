"""Workers of the edge's own: no Java, batches without waiting, a new one for each that is lost."""

import asyncio
import json
import logging
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hangtag.handover import HandedAnswer, HandedRequest
from service.backends.frames import LENGTH, answers_of, frame_of_requests
from service.errors import BackendFailed, WorkerLost
from service.orders import LocalPlan, WorkerOrders

logger = logging.getLogger(__name__)

_START_TIMEOUT_S = 120.0
# How long a worker is begun anew that does not come back; then the server is of no use.
_PATIENCE_S = 300.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
_MAX_LINE_BYTES = 1 << 20


class LocalBackend:
    """Processes that answer batches, one lane each.

    Parameters
    ----------
    log : is given each line that a worker prints
    """

    def __init__(self, plan: LocalPlan, batch_timeout_s: float, log: Callable[[str], None]) -> None:
        self.batch_size = plan.batch_size
        self.workers_wanted = plan.workers
        self.heavy_lanes = max(1, plan.workers - 1)
        self.lanes = [
            _Worker(_orders_of(plan, index), batch_timeout_s, log) for index in range(plan.workers)
        ]

    # It ends instead.
    has_given_up = False

    @property
    def workers_ready(self) -> int:
        """Workers that have loaded the model."""
        return sum(worker.is_ready for worker in self.lanes)

    @property
    def restarts(self) -> int:
        """Workers that were begun anew."""
        return sum(worker.restarts for worker in self.lanes)

    async def run(self) -> None:
        """Keep all workers running, until cancelled.

        Raises
        ------
        BackendFailed : if one cannot be started, or does not come back.
        """
        async with asyncio.TaskGroup() as workers:
            for worker in self.lanes:
                workers.create_task(worker.run())


def _orders_of(plan: LocalPlan, index: int) -> WorkerOrders:
    gpu_id = index % plan.gpus if plan.gpus else None
    return plan.orders.model_copy(update={"gpu_id": gpu_id})


class _Worker:
    """A lane with a process behind it."""

    def __init__(
        self, orders: WorkerOrders, batch_timeout_s: float, log: Callable[[str], None]
    ) -> None:
        self._orders = orders
        self._batch_timeout_s = batch_timeout_s
        self._log = log
        self._ready = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.restarts = 0

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    async def ready(self) -> None:
        await self._ready.wait()

    async def answer(self, batch: Sequence[HandedRequest]) -> list[HandedAnswer]:
        # When one is lost, another takes its place before everybody has noticed.
        process, reader, writer = self._process, self._reader, self._writer
        try:
            async with asyncio.timeout(self._batch_timeout_s):
                writer.writelines(frame_of_requests(batch))
                await writer.drain()
                head = await _read_head(reader)
                bodies = [await reader.readexactly(item["size"]) for item in head["items"]]
        except (TimeoutError, EOFError, OSError) as error:
            if process is self._process:
                self._lose()
            raise WorkerLost("The worker that had this request was lost; send it again.") from error
        return answers_of(head["items"], bodies)

    async def run(self) -> None:
        """Begin the worker, and begin it anew whenever it is lost."""
        try:
            await self._begin()
            while True:
                await self._end()
                self.restarts += 1
                await self._begin_anew()
        finally:
            self._lose()
            if self._process is not None:
                await self._process.wait()

    async def _begin_anew(self) -> None:
        give_up_at_s = time.monotonic() + _PATIENCE_S
        pause_s = 0.0
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._begin()
            except BackendFailed as error:
                logger.error("A worker does not come back: %s", error)
                if time.monotonic() > give_up_at_s:
                    raise
                pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s or _FIRST_PAUSE_S)
            else:
                return

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "service.backends.worker"),
                *(str(theirs.fileno()), self._orders.model_dump_json()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                limit=_MAX_LINE_BYTES,
            )
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        self._printing = asyncio.create_task(self._print(self._process))
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                words = await _read_head(self._reader)
        except (TimeoutError, EOFError, OSError) as error:
            await self._bury()
            raise BackendFailed(
                "A worker ended while it loaded the model; there may be too little memory."
            ) from error
        if "failed" in words:
            await self._bury()
            raise BackendFailed(f"A worker could not load the model: {words['failed']}")
        self._ready.set()

    async def _end(self) -> None:
        """Return when the worker has ended."""
        assert self._process is not None  # noqa: S101 - for mypy
        await self._process.wait()
        self._ready.clear()
        self._writer.close()

    async def _bury(self) -> None:
        self._lose()
        if self._process is not None:
            await self._process.wait()
        self._writer.close()

    def _lose(self) -> None:
        self._ready.clear()
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _print(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            return
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                # Longer than the limit: it is left out.
                continue
            if not line:
                return
            self._log(line.decode("utf-8", "replace").rstrip())


async def _read_head(reader: asyncio.StreamReader) -> dict[str, Any]:
    length = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
    head: dict[str, Any] = json.loads(await reader.readexactly(length))
    return head
