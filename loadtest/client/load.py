"""Load for a server: as fast as it answers (closed loop), or at a rate of its own (open loop).

One event loop in one thread of its own: lean, because it shares the machine with the server.
"""

import asyncio
import itertools
import math
import time
from collections import deque
from collections.abc import Sequence

from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.running import LoadRun, Progress, RunningLoad
from loadtest.client.samples import Sample
from loadtest.client.wire import Address, Connection

TIMEOUT_S = 30.0
# More connections than this would be the generator's fault to be told, not the server's.
MAX_OPEN = 4000
# A server that is down would be asked a thousand times a second.
_PAUSE_AFTER_LOSS_S = 0.05


class Load:
    """Sends a server one list of requests, over and over.

    Parameters
    ----------
    requests : whole requests as bytes, sent in turn
    capacity_per_s : how many of them the server answers a second; NaN as long as it is not known
    timeout_s : after which an answer counts as lost
    resends : whether a request is sent again that met a connection which the server was closing
    """

    def __init__(
        self,
        address: Address,
        requests: Sequence[bytes],
        capacity_per_s: float = math.nan,
        timeout_s: float = TIMEOUT_S,
        *,
        resends: bool = True,
    ) -> None:
        self.address = address
        self.resends = resends
        self.requests = list(requests)
        self.capacity_per_s = capacity_per_s
        self.timeout_s = timeout_s

    def closed(self, clients: int, seconds: float = math.inf) -> RunningLoad:
        """Start `clients` that each send their next request once the last one is answered."""
        return RunningLoad(lambda progress: _Closed(self, clients, seconds, progress).run())

    def open(self, rate_per_s: float, seconds: float) -> RunningLoad:
        """Start sending at a constant rate, however the server fares."""
        return RunningLoad(lambda progress: _Open(self, rate_per_s, seconds, progress).run())


class Run:
    """One run of a load; its subclasses say when which request is due."""

    def __init__(self, load: Load, seconds: float, progress: Progress) -> None:
        self._load = load
        self._requests = itertools.cycle(load.requests)
        self._seconds = seconds
        self._progress = progress
        # Those not used for longest come first: none is idle for so long that it is closed.
        self._idle: deque[Connection] = deque()

    @property
    def _now_s(self) -> float:
        return self._progress.now_s

    @property
    def _over(self) -> bool:
        return self._progress.stop.is_set() or self._now_s >= self._seconds

    async def _ask(self, due_s: float) -> Answer:
        sent_s = self._now_s
        self._progress.under_way.add(sent_s)
        answer, connection = await self._over_some_connection(next(self._requests))
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()
        self._progress.add(self._sample(answer, due_s, sent_s), answer)
        return answer

    def _sample(self, answer: Answer, due_s: float, sent_s: float) -> Sample:
        return Sample(
            due_s,
            sent_s,
            self._now_s,
            answer.outcome,
            sound=breach_of_contract(answer) is None,
            retry_after="retry-after" in answer.headers,
        )

    async def _pause_if_lost(self, answer: Answer) -> None:
        if answer.status is None:
            await asyncio.sleep(_PAUSE_AFTER_LOSS_S)

    async def _over_some_connection(self, request: bytes) -> tuple[Answer, Connection]:
        while self._idle:
            connection = self._idle.popleft()
            answer = await connection.ask(request, self._load.timeout_s)
            # The server may close a connection that is not used at the moment.
            if not self._load.resends or answer.lost != "closed" or answer.seconds > 0.1:
                return answer, connection
            connection.close()
        connection = Connection(self._load.address)
        try:
            await connection.open()
        except OSError:
            return Answer(None, lost="refused"), connection
        return await connection.ask(request, self._load.timeout_s), connection

    def _result(self, left_out: int = 0) -> LoadRun:
        for connection in self._idle:
            connection.close()
        # Not beyond the wanted time: the last answers come when no new requests follow.
        seconds = min(self._seconds, self._now_s)
        return LoadRun(self._progress.samples, seconds, left_out, cpu_s=time.thread_time())


class _Closed(Run):
    def __init__(self, load: Load, clients: int, seconds: float, progress: Progress) -> None:
        super().__init__(load, seconds, progress)
        self._clients = clients

    async def run(self) -> LoadRun:
        await asyncio.gather(*(self._client() for _ in range(self._clients)))
        return self._result()

    async def _client(self) -> None:
        while not self._over:
            await self._pause_if_lost(await self._ask(self._now_s))


class _Open(Run):
    def __init__(self, load: Load, rate_per_s: float, seconds: float, progress: Progress) -> None:
        super().__init__(load, seconds, progress)
        self._interval_s = 1 / rate_per_s

    async def run(self) -> LoadRun:
        tasks: set[asyncio.Task[Answer]] = set()
        left_out = 0
        for number in itertools.count():
            due_s = number * self._interval_s
            if self._progress.stop.is_set() or due_s >= self._seconds:
                break
            await asyncio.sleep(max(0.0, due_s - self._now_s))
            if len(tasks) >= MAX_OPEN:
                left_out += 1
                continue
            task = asyncio.create_task(self._ask(due_s))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        return self._result(left_out)
