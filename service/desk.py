"""The desk: who may wait, who is next, and what becomes of whom nobody waits for any more."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from hangtag.handover import HandedAnswer, HandedRequest, Measured
from service.backends import Backend, Lane
from service.errors import Overloaded, WorkerLost
from service.line import Job, Line
from service.settings import ServiceSettings
from service.wait_estimator import WaitEstimator

_MAX_RETRY_AFTER_S = 60
# A batch is as much work as this at most: the others would wait for it.
_BATCH_COST = 16.0


class Desk:
    """Lets requests in if they can be answered in time, and hands them to the backend's lanes.

    Parameters
    ----------
    waited : is told the seconds that each request has waited
    measured : is told what each answer has cost
    """

    def __init__(
        self,
        backend: Backend,
        settings: ServiceSettings,
        waited: Callable[[float], None],
        measured: Callable[[Measured], None],
    ) -> None:
        self._backend = backend
        self._settings = settings
        self._waited = waited
        self._measured = measured
        self._line = Line()
        self._in_flight: set[Job] = set()
        self._busy_lanes = 0
        self._heavy_in_flight = 0
        self._idle: deque[asyncio.Future[None]] = deque()
        # A rate must hold for as long as a request may wait: half its time, the other half being
        # for its own batch, and for the estimate being wrong.
        self._estimator = WaitEstimator(settings.time_limit_s / 2, time.monotonic())
        self._estimator.seats = len(backend.lanes) * backend.batch_size
        self._last_answer_s = time.monotonic()

    @property
    def waiting(self) -> int:
        """Requests that wait for a worker."""
        return len(self._line)

    @property
    def in_flight(self) -> int:
        """Requests that the backend has."""
        return len(self._in_flight)

    @property
    def is_stuck(self) -> bool:
        """Whether every worker may have something to do, and none has answered in time.

        Where a worker has several lanes, lanes for one each are enough: those that hang have taken
        the first requests, and the others wait in vain behind them.
        """
        silent_s = time.monotonic() - self._last_answer_s
        is_busy = self._busy_lanes >= self._backend.workers_wanted
        return is_busy and silent_s > self._settings.time_limit_s

    def require_room(self, supplier: str, cost: float, time_limit_s: float) -> None:
        """Ask whether a request may be let in.

        Raises
        ------
        WorkerLost : if there is no worker.
        Overloaded : if it would have to wait for too long; with the seconds to wait.
        """
        if not self._backend.workers_ready:
            raise WorkerLost("No worker has loaded the model; send it again in 1 s.")
        if self.is_stuck:
            raise WorkerLost("No worker has answered within the time limit; send it again in 1 s.")
        if len(self._line) >= self._settings.max_waiting:
            self._make_room(supplier)
        in_flight = sum(job.cost for job in self._in_flight)
        before = in_flight + self._line.cost_before(supplier, cost)
        wait_s = self._estimator.seconds(before, time.monotonic())
        excess_s = wait_s - time_limit_s / 2
        if excess_s > 0:
            raise _overloaded(min(_MAX_RETRY_AFTER_S, 1 + int(excess_s)))

    def submit(
        self, request: HandedRequest, supplier: str, cost: float, let_go: Callable[[], None]
    ) -> Job:
        """Let a request wait for its turn; its answer is the job's future.

        Parameters
        ----------
        let_go : is called once nobody needs the request any more, a worker included
        """
        now_s = time.monotonic()
        future: asyncio.Future[HandedAnswer] = asyncio.get_running_loop().create_future()
        job = Job(request, supplier, cost, now_s, future, let_go)
        self._estimator.began(now_s)
        self._line.join(job)
        self._waken()
        return job

    def withdraw(self, job: Job) -> None:
        """Let go of a job; what a worker is at is thrown away when it comes."""
        job.answer.cancel()
        if self._line.leave(job):
            self._waited(time.monotonic() - job.joined_s)
            self._end(job, 0.0)

    async def run(self) -> None:
        """Hand batches to all lanes, until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for lane in self._backend.lanes:
                lanes.create_task(self._serve(lane))

    async def _serve(self, lane: Lane) -> None:
        while True:
            batch = await self._take_batch(lane)
            requests = [job.request for job in batch]
            try:
                answers = await lane.answer(requests)
            except WorkerLost as error:
                self._lose(batch, error)
            else:
                for job, answer in zip(batch, answers, strict=True):
                    self._finish(job, answer)
            finally:
                self._in_flight.difference_update(batch)
                self._busy_lanes -= 1
                self._heavy_in_flight -= sum(job.is_heavy for job in batch)
                self._waken()

    async def _take_batch(self, lane: Lane) -> list[Job]:
        await lane.ready()
        while not (batch := self._next_batch()):
            wakened = asyncio.get_running_loop().create_future()
            self._idle.append(wakened)
            await wakened
            if not lane.is_ready:
                # Its worker was lost meanwhile: the job is for another lane.
                self._waken()
                await lane.ready()
        if not self._in_flight:
            self._last_answer_s = time.monotonic()
        self._busy_lanes += 1
        self._in_flight.update(batch)
        self._heavy_in_flight += sum(job.is_heavy for job in batch)
        for job in batch:
            self._waited(time.monotonic() - job.joined_s)
        return batch

    def _next_batch(self) -> list[Job]:
        batch: list[Job] = []
        room = _BATCH_COST
        may_be_heavy = self._heavy_in_flight < self._backend.heavy_lanes
        while len(batch) < self._backend.batch_size and room > 0:
            job = self._line.take(heavy=may_be_heavy and not batch)
            if job is None:
                break
            batch.append(job)
            # What is heavy goes alone: the others would wait for it.
            room -= _BATCH_COST if job.is_heavy else job.cost
        return batch

    def _finish(self, job: Job, answer: HandedAnswer) -> None:
        self._last_answer_s = time.monotonic()
        self._measured(answer.measured)
        # Whoever refuses to work says nothing of how fast work is done.
        self._end(job, job.cost if answer.status < 500 else 0.0)
        if job.is_waited_for:
            job.answer.set_result(answer)

    def _lose(self, batch: list[Job], error: WorkerLost) -> None:
        for job in batch:
            self._end(job, 0.0)
            if job.is_waited_for:
                job.answer.set_exception(error)

    def _end(self, job: Job, done: float) -> None:
        self._estimator.ended(time.monotonic(), done)
        job.let_go()

    def _make_room(self, supplier: str) -> None:
        """Let who waits most make room for others, never for itself."""
        last = self._line.longest()
        if self._line.waiting_of(last.supplier) <= self._line.waiting_of(supplier) + 1:
            raise _overloaded(1)
        self._line.leave(last)
        self._end(last, 0.0)
        with suppress(asyncio.InvalidStateError):
            last.answer.set_exception(_overloaded(1))

    def _waken(self) -> None:
        """Let a lane that found nothing look again."""
        while self._idle:
            wakened = self._idle.popleft()
            if not wakened.done():
                wakened.set_result(None)
                return


def _overloaded(retry_after_s: int) -> Overloaded:
    return Overloaded(
        "More requests are waiting than can be answered in time; send it again in "
        f"{retry_after_s} s.",
        retry_after_s,
    )
