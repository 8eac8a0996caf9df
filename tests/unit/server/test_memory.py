"""Java and the workers get what fits into the memory."""

import pytest

from server.memory import affordable_workers, fit_java, usable_bytes
from server.settings import SERVE_CONFIG, parse_frontend_settings, read_properties

GIB = 1 << 30


@pytest.fixture
def shipped() -> dict[str, str]:
    return read_properties((SERVE_CONFIG / "config.properties").read_text(encoding="utf-8"))


@pytest.mark.parametrize("memory_bytes", [4 * GIB, 24 * GIB, 512 * GIB])
def test_with_enough_memory_the_settings_hold(shipped: dict[str, str], memory_bytes: int) -> None:
    assert fit_java(shipped, memory_bytes) == shipped


def test_with_less_the_heap_and_the_bodies_shrink(shipped: dict[str, str]) -> None:
    fitted = fit_java(shipped, 3 * GIB)
    assert "-Xmx768m " in fitted["vmargs"]
    assert "-XX:+UseSerialGC" in fitted["vmargs"]
    bodies = int(shipped["hangtag.body_budget_bytes"])
    assert int(fitted["hangtag.body_budget_bytes"]) == bodies * 3 // 4


@pytest.mark.parametrize("memory_bytes", [GIB // 4, GIB, 2 * GIB])
def test_the_largest_request_always_fits(shipped: dict[str, str], memory_bytes: int) -> None:
    fitted = fit_java(shipped, memory_bytes)
    assert "-Xmx512m" in fitted["vmargs"]
    settings = parse_frontend_settings(fitted)
    assert settings.max_request_bytes == int(shipped["max_request_size"])


@pytest.mark.parametrize("arguments", ["-Xmx64m -Da=b", "-Xmx65536K", "-Da=-Xmx", ""])
def test_a_smaller_heap_that_was_asked_for_stays(arguments: str) -> None:
    settings = {"vmargs": arguments, "hangtag.body_budget_bytes": "1000"}
    assert fit_java(settings, 2 * GIB) == settings


@pytest.mark.parametrize(
    ("memory_bytes", "workers"), [(GIB // 2, 1), (2 * GIB, 1), (4 * GIB, 3), (24 * GIB, 33)]
)
def test_workers_find_room_beside_java(memory_bytes: int, workers: int) -> None:
    assert affordable_workers(memory_bytes) == workers


def test_workers_find_room_beside_the_archive_in_a_tmpfs() -> None:
    assert affordable_workers(4 * GIB, GIB) == 1


def test_this_machine_has_memory() -> None:
    assert usable_bytes() > GIB // 8
