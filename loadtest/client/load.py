"""Load for a server: as fast as it answers (closed loop), or at a rate of its own (open loop).

One event loop in one thread of its own: lean, because it shares the machine with the server.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.samples import Sample, percentile_s, rate_per_s
from loadtest.client.wire import Address, Connection

TIMEOUT_S = 30.0
# More connections than this would be the generator's fault to be told, not the server's.
MAX_OPEN = 4000


@dataclass(frozen=True)
class LoadRun:
    """What a run of load saw."""

    samples: list[Sample]
    seconds: float
    # Requests that an open loop left out because too many were open already.
    left_out: int = 0

    @property
    def rate_per_s(self) -> float:
        """Successes a second."""
        return rate_per_s(self.samples, 0, self.seconds)

    @property
    def offered_per_s(self) -> float:
        """Requests a second that were really sent."""
        return len(self.samples) / self.seconds

    @property
    def lag_p99_s(self) -> float:
        """How late the generator itself was: long, if it is the limit and not the server."""
        late = [Sample(each.due_s, 0, each.sent_s, "") for each in self.samples]
        return percentile_s(late, 99)

    def between(self, begin_s: float, end_s: float) -> list[Sample]:
        """The samples that were due in a part of the run."""
        return [each for each in self.samples if begin_s <= each.due_s < end_s]


class Load:
    """Sends a server one list of requests, over and over.

    Parameters
    ----------
    requests : whole requests as bytes, sent in turn
    capacity_per_s : how many of them the server answers a second; NaN as long as it is not known
    """

    def __init__(
        self, address: Address, requests: Sequence[bytes], capacity_per_s: float = math.nan
    ) -> None:
        self.address = address
        self.requests = list(requests)
        self.capacity_per_s = capacity_per_s

    def closed(self, clients: int, seconds: float) -> RunningLoad:
        """Start `clients` that each send their next request once the last one is answered."""
        return RunningLoad(lambda progress: _Closed(self, clients, seconds, progress).run())

    def open(self, rate_per_s: float, seconds: float) -> RunningLoad:
        """Start sending at a constant rate, however the server fares."""
        return RunningLoad(lambda progress: _Open(self, rate_per_s, seconds, progress).run())


@dataclass
class _Progress:
    """What the thread of a run shares with the one that waits for it."""

    stop: threading.Event = field(default_factory=threading.Event)
    samples: list[Sample] = field(default_factory=list)


class RunningLoad:
    """Load under way in a thread of its own: `with load.closed(16, 10) as running: ...`."""

    def __init__(self, run: Callable[[_Progress], Coroutine[None, None, LoadRun]]) -> None:
        self._progress = _Progress()
        self._run = run
        self._result: LoadRun | None = None
        self._began_s = 0.0
        self._thread = threading.Thread(target=self._work, name="load")

    def __enter__(self) -> RunningLoad:
        self._began_s = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._progress.stop.set()
        self._thread.join()

    @property
    def now_s(self) -> float:
        """Seconds since the run began, on the clock of its samples."""
        return time.perf_counter() - self._began_s

    @property
    def samples(self) -> list[Sample]:
        """What has been answered up to now."""
        return self._progress.samples.copy()

    def result(self) -> LoadRun:
        """Wait for the end of the run and return what it saw."""
        self._thread.join()
        if self._result is None:
            raise RuntimeError("The load ended with an error; its traceback is above.")
        return self._result

    def end(self) -> LoadRun:
        """End the run now; what is under way is still awaited."""
        self._progress.stop.set()
        return self.result()

    def _work(self) -> None:
        self._result = asyncio.run(self._run(self._progress))


class _Run:
    def __init__(self, load: Load, seconds: float, progress: _Progress) -> None:
        self._address = load.address
        self._requests = itertools.cycle(load.requests)
        self._seconds = seconds
        self._stop = progress.stop
        self._idle: deque[Connection] = deque()
        self._samples = progress.samples
        self._began_s = time.perf_counter()

    @property
    def _now_s(self) -> float:
        return time.perf_counter() - self._began_s

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self._now_s >= self._seconds

    async def _ask(self, due_s: float) -> Answer:
        sent_s = self._now_s
        answer, connection = await self._over_some_connection(next(self._requests))
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()
        self._samples.append(
            Sample(
                due_s,
                sent_s,
                self._now_s,
                answer.outcome,
                sound=breach_of_contract(answer) is None,
                retry_after="retry-after" in answer.headers,
            )
        )
        return answer

    async def _over_some_connection(self, request: bytes) -> tuple[Answer, Connection]:
        while self._idle:
            connection = self._idle.pop()
            answer = await connection.ask(request, TIMEOUT_S)
            # The server may close a connection that is not used at the moment.
            if answer.lost != "closed" or answer.seconds > 0.1:
                return answer, connection
            connection.close()
        connection = Connection(self._address)
        try:
            await connection.open()
        except OSError:
            return Answer(None, lost="refused"), connection
        return await connection.ask(request, TIMEOUT_S), connection

    def _result(self, left_out: int = 0) -> LoadRun:
        for connection in self._idle:
            connection.close()
        # Not beyond the wanted time: the last answers come when no new requests follow.
        return LoadRun(self._samples, min(self._seconds, self._now_s), left_out)


class _Closed(_Run):
    def __init__(self, load: Load, clients: int, seconds: float, progress: _Progress) -> None:
        super().__init__(load, seconds, progress)
        self._clients = clients

    async def run(self) -> LoadRun:
        await asyncio.gather(*(self._client() for _ in range(self._clients)))
        return self._result()

    async def _client(self) -> None:
        while not self._over:
            answer = await self._ask(self._now_s)
            if answer.status is None:
                # A server that is down would be asked a thousand times a second.
                await asyncio.sleep(0.05)


class _Open(_Run):
    def __init__(self, load: Load, rate_per_s: float, seconds: float, progress: _Progress) -> None:
        super().__init__(load, seconds, progress)
        self._interval_s = 1 / rate_per_s

    async def run(self) -> LoadRun:
        tasks: set[asyncio.Task[Answer]] = set()
        left_out = 0
        for number in itertools.count():
            due_s = number * self._interval_s
            if self._stop.is_set() or due_s >= self._seconds:
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
