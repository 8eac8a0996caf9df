import asyncio
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from hangtag.handover import HandedRequest
from service.line import HEAVY_COST, Job, Line


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def line() -> Line:
    return Line()


def job(loop: asyncio.AbstractEventLoop, supplier: str = "a", cost: float = 1.0) -> Job:
    return Job(HandedRequest(b""), supplier, cost, 0.0, loop.create_future(), lambda: None)


def taken(line: Line, count: int, *, heavy: bool = True) -> list[Job]:
    jobs = [line.take(heavy=heavy) for _ in range(count)]
    return [each for each in jobs if each is not None]


def test_one_suppliers_come_in_their_order(line: Line, loop: asyncio.AbstractEventLoop) -> None:
    jobs = [job(loop) for _ in range(20)]
    for each in jobs:
        line.join(each)
    assert taken(line, 25) == jobs
    assert len(line) == 0


def test_suppliers_take_turns(line: Line, loop: asyncio.AbstractEventLoop) -> None:
    for _ in range(100):
        line.join(job(loop, "flood"))
    for _ in range(10):
        line.join(job(loop, "other"))
    first = Counter(each.supplier for each in taken(line, 20))
    assert first["other"] >= 8


def test_turns_are_by_work_and_not_by_number(line: Line, loop: asyncio.AbstractEventLoop) -> None:
    for _ in range(50):
        line.join(job(loop, "large", cost=4.0))
        line.join(job(loop, "small", cost=1.0))
    first = Counter(each.supplier for each in taken(line, 40))
    assert 3 * first["large"] < first["small"] < 5 * first["large"]


def test_what_is_heavy_waits_while_others_are(line: Line, loop: asyncio.AbstractEventLoop) -> None:
    heavy, light = job(loop, cost=HEAVY_COST + 1), job(loop)
    line.join(heavy)
    line.join(light)
    assert taken(line, 2, heavy=False) == [light]
    assert taken(line, 2) == [heavy]


def test_very_dear_work_has_its_turn_at_once_where_nobody_else_waits(
    line: Line, loop: asyncio.AbstractEventLoop
) -> None:
    dear = job(loop, cost=1e12)
    line.join(dear)
    began_s = time.monotonic()
    assert line.take() is dear
    assert time.monotonic() - began_s < 0.5


def test_who_leaves_is_not_taken(line: Line, loop: asyncio.AbstractEventLoop) -> None:
    first, second = job(loop), job(loop)
    line.join(first)
    line.join(second)
    assert line.leave(first)
    assert not line.leave(first)
    assert taken(line, 2) == [second]
    assert not line.leave(second)


def test_the_work_before_a_newcomer_is_its_own_and_as_much_of_each_other(
    line: Line, loop: asyncio.AbstractEventLoop
) -> None:
    for _ in range(100):
        line.join(job(loop, "flood"))
    line.join(job(loop, "other", cost=3.0))
    assert line.cost_before("new", 1.0) == 1.0 + 1.0
    assert line.cost_before("other", 1.0) == 3.0 + 4.0
    assert line.cost_before("flood", 1.0) == 100.0 + 3.0


def test_who_has_nothing_waiting_saves_nothing_up(
    line: Line, loop: asyncio.AbstractEventLoop
) -> None:
    for _ in range(50):
        line.join(job(loop, "early"))
        assert line.take() is not None
    for _ in range(40):
        line.join(job(loop, "early"))
        line.join(job(loop, "late"))
    first = Counter(each.supplier for each in taken(line, 40))
    assert abs(first["early"] - first["late"]) <= 8
