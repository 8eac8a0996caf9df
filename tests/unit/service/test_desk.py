"""The desk, with a backend that answers when a test lets it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from hangtag.handover import HandedAnswer, HandedRequest, Measured
from service.desk import Desk
from service.errors import Overloaded, WorkerLost
from service.line import HEAVY_COST, Job
from service.settings import ServiceSettings

SETTINGS = ServiceSettings(time_limit_ms=1000, max_waiting=8)


class Gate:
    """A lane that answers as soon as its gate is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.alive = asyncio.Event()
        self.alive.set()
        self.batches: list[list[HandedRequest]] = []

    @property
    def is_ready(self) -> bool:
        return self.alive.is_set()

    async def ready(self) -> None:
        await self.alive.wait()

    async def answer(self, batch: Sequence[HandedRequest]) -> list[HandedAnswer]:
        self.batches.append(list(batch))
        await self.open.wait()
        if batch[0].body == b"lost":
            raise WorkerLost("It is gone; send it again.")
        return [HandedAnswer(200, each.body, Measured()) for each in batch]


class Gates:
    """A backend of such lanes."""

    workers_wanted = workers_ready = 1
    has_given_up = False
    restarts = 0

    def __init__(self, lanes: int = 1, batch_size: int = 4, heavy_lanes: int = 1) -> None:
        self.lanes = [Gate() for _ in range(lanes)]
        self.batch_size = batch_size
        self.heavy_lanes = heavy_lanes

    async def run(self) -> None:
        await asyncio.Event().wait()


class House:
    """A desk that runs, as a context manager."""

    def __init__(self, backend: Gates, settings: ServiceSettings = SETTINGS) -> None:
        self.backend = backend
        self.waits: list[float] = []
        self.measured: list[Measured] = []
        self.let_go: list[bytes] = []
        self.desk = Desk(backend, settings, self.waits.append, self.measured.append)

    async def __aenter__(self) -> "House":
        self._running = asyncio.create_task(self.desk.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    def submit(self, name: bytes = b"", supplier: str = "", cost: float = 1.0) -> Job:
        return self.desk.submit(
            HandedRequest(name), supplier, cost, lambda: self.let_go.append(name)
        )


def run(test: Any) -> None:
    asyncio.run(test)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_what_waits_is_answered_in_whole_batches() -> None:
    async def test() -> None:
        async with House(Gates()) as house:
            (gate,) = house.backend.lanes
            jobs = [house.submit(bytes([number])) for number in range(6)]
            await settled()
            # The lane takes what is there when it looks, and waits for nobody.
            assert sum(map(len, gate.batches)) <= 4
            gate.open.set()
            answers = [await job.answer for job in jobs]
            assert [answer.body for answer in answers] == [bytes([n]) for n in range(6)]
            assert max(map(len, gate.batches)) <= 4
            assert len(house.waits) == len(house.measured) == len(house.let_go) == 6

    run(test())


def test_what_is_withdrawn_is_never_begun() -> None:
    async def test() -> None:
        async with House(Gates(batch_size=1)) as house:
            (gate,) = house.backend.lanes
            house.submit(b"first")
            await settled()
            second, third = house.submit(b"second"), house.submit(b"third")
            house.desk.withdraw(second)
            assert (house.desk.waiting, house.let_go) == (1, [b"second"])
            gate.open.set()
            await third.answer
            assert [batch[0].body for batch in gate.batches] == [b"first", b"third"]

    run(test())


def test_what_a_worker_is_at_is_held_until_it_is_done() -> None:
    async def test() -> None:
        async with House(Gates()) as house:
            (gate,) = house.backend.lanes
            job = house.submit(b"photo")
            await settled()
            house.desk.withdraw(job)
            assert house.let_go == []
            gate.open.set()
            await settled()
            assert house.let_go == [b"photo"]

    run(test())


def test_a_lost_worker_loses_its_batch_alone() -> None:
    async def test() -> None:
        async with House(Gates(batch_size=1)) as house:
            (gate,) = house.backend.lanes
            lost = house.submit(b"lost")
            await settled()
            kept = house.submit(b"kept")
            gate.open.set()
            with pytest.raises(WorkerLost):
                await lost.answer
            assert (await kept.answer).body == b"kept"

    run(test())


def test_without_a_worker_nobody_waits() -> None:
    async def test() -> None:
        async with House(Gates()) as house:
            house.backend.workers_ready = 0
            with pytest.raises(WorkerLost):
                house.desk.require_room("", 1.0, 1.0)

    run(test())


def test_heavy_work_leaves_a_lane_to_the_others() -> None:
    async def test() -> None:
        async with House(Gates(lanes=2, heavy_lanes=1)) as house:
            heavy = [house.submit(b"heavy", "a", HEAVY_COST + 1) for _ in range(3)]
            await settled()
            light = house.submit(b"light", "b")
            await settled()
            begun = [batch[0].body for gate in house.backend.lanes for batch in gate.batches]
            assert sorted(begun) == [b"heavy", b"light"]
            for gate in house.backend.lanes:
                gate.open.set()
            await asyncio.gather(light.answer, *(job.answer for job in heavy))
            batches = [batch for gate in house.backend.lanes for batch in gate.batches]
            assert all(len(batch) == 1 for batch in batches)

    run(test())


def test_a_full_line_makes_room_for_who_has_less_waiting() -> None:
    async def test() -> None:
        async with House(Gates(batch_size=1)) as house:
            house.submit()
            await settled()
            flood = [house.submit(b"flood", "a") for _ in range(SETTINGS.max_waiting)]
            with pytest.raises(Overloaded):
                house.desk.require_room("a", 1.0, 1.0)
            house.desk.require_room("b", 1.0, 1.0)
            with pytest.raises(Overloaded):
                await flood[-1].answer
            assert house.desk.waiting == SETTINGS.max_waiting - 1

    run(test())


def test_who_would_wait_too_long_is_told_how_long() -> None:
    async def test() -> None:
        async with House(Gates(batch_size=1)) as house:
            for _ in range(4):
                house.submit()
            await settled()
            # Nothing is answered for so long that a rate is known.
            await asyncio.sleep(SETTINGS.time_limit_s / 2 / 4 + 0.05)
            with pytest.raises(Overloaded, match="send it again in") as refused:
                house.desk.require_room("", 1.0, SETTINGS.time_limit_s)
            assert refused.value.retry_after_s >= 1

    run(test())


def test_a_lane_that_was_lost_while_it_waited_leaves_jobs_to_others() -> None:
    async def test() -> None:
        async with House(Gates(lanes=2)) as house:
            await settled()
            first, second = house.backend.lanes
            first.alive.clear()
            house.submit(b"job")
            await settled()
            assert (first.batches, [each.body for each in second.batches[0]]) == ([], [b"job"])
            # It takes its part again when it is back, and not before.
            house.submit(b"later")
            await settled()
            assert first.batches == []
            first.alive.set()
            await settled()
            assert [each.body for each in first.batches[0]] == [b"later"]

    run(test())


def test_a_stuck_house_lets_nobody_in() -> None:
    async def test() -> None:
        async with House(Gates(lanes=4), ServiceSettings(time_limit_ms=100)) as house:
            house.submit()
            await asyncio.sleep(0.15)
            with pytest.raises(WorkerLost, match="No worker has answered"):
                house.desk.require_room("", 1.0, 0.1)
            house.backend.lanes[0].open.set()
            await settled()
            house.desk.require_room("", 1.0, 0.1)

    run(test())


def test_a_house_that_answers_nothing_is_stuck() -> None:
    async def test() -> None:
        settings = ServiceSettings(time_limit_ms=100)
        async with House(Gates(), settings) as house:
            house.submit()
            await settled()
            assert not house.desk.is_stuck
            await asyncio.sleep(0.15)
            assert house.desk.is_stuck
            house.backend.lanes[0].open.set()
            await settled()
            assert not house.desk.is_stuck

    run(test())
