import asyncio
import time
from collections.abc import AsyncIterator, Iterable

import pytest

from hangtag.errors import RequestTooLarge
from service.bodies import BodyBudget, read_body
from service.errors import Overloaded, RequestIncomplete
from service.settings import ServiceSettings

MB = 1 << 20
SETTINGS = ServiceSettings(max_request_bytes=16 * MB, body_budget_bytes=64 * MB)


async def pieces_of(sizes: Iterable[int], pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for size in sizes:
        await asyncio.sleep(pause_s)
        yield bytes(size)


def read(
    sizes: Iterable[int],
    budget: BodyBudget | None = None,
    settings: ServiceSettings = SETTINGS,
    pause_s: float = 0.0,
) -> bytes:
    reservation = (budget or BodyBudget(settings.body_budget_bytes)).open("10.0.0.1")
    began_s = time.monotonic()
    return asyncio.run(read_body(pieces_of(sizes, pause_s), reservation, settings, began_s))


def test_a_body_is_its_pieces() -> None:
    assert len(read([1, MB, 3])) == MB + 4
    assert read([]) == b""


def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    with pytest.raises(RequestTooLarge, match="more than the 16777216 bytes"):
        read([9 * MB, 9 * MB, 1000 * MB])


def test_memory_is_held_for_what_has_come() -> None:
    budget = BodyBudget(64 * MB)
    reservation = budget.open("10.0.0.1")
    assert budget.held_bytes == 0
    assert reservation.grow_to(5 * MB)
    assert budget.held_bytes == 5 * MB
    reservation.release()
    reservation.release()
    assert budget.held_bytes == 0


def test_large_bodies_leave_a_quarter_to_small_ones() -> None:
    budget = BodyBudget(64 * MB)
    held = [budget.open(f"10.0.0.{number}") for number in range(6)]
    grown = [each.grow_to(12 * MB) for each in held]
    assert grown == [True] * 4 + [False] * 2
    assert budget.open("10.0.0.9").grow_to(MB // 2)
    with pytest.raises(Overloaded, match="bytes of other requests"):
        read([12 * MB], budget)


def test_one_address_does_not_hold_all_that_is_for_large_ones() -> None:
    budget = BodyBudget(64 * MB)
    greedy = [budget.open("10.0.0.1") for _ in range(4)]
    assert [each.grow_to(12 * MB) for each in greedy] == [True, True, False, False]
    assert budget.open("10.0.0.2").grow_to(12 * MB)


def test_one_address_may_always_send_one_body() -> None:
    assert BodyBudget(64 * MB).open("10.0.0.1").grow_to(40 * MB)


def test_who_sends_nothing_is_not_waited_for() -> None:
    settings = ServiceSettings(read_timeout_ms=100)
    began_s = time.monotonic()
    with pytest.raises(RequestIncomplete, match="within 100 ms"):
        read([1, 1], settings=settings, pause_s=0.08)
    assert time.monotonic() - began_s < 1.0


def test_who_sends_too_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.bodies._RATE_GRACE_S", 0.1)
    slow = ServiceSettings(least_rate_bytes_per_s=1000)
    began_s = time.monotonic()
    with pytest.raises(RequestIncomplete, match="1000 bytes a second"):
        read([10] * 100, settings=slow, pause_s=0.02)
    assert time.monotonic() - began_s < 1.5
    assert len(read([100] * 20, settings=slow, pause_s=0.02)) == 2000
    any_rate = ServiceSettings(least_rate_bytes_per_s=0)
    assert len(read([1] * 15, settings=any_rate, pause_s=0.02)) == 15
