"""Java and the workers get what fits into the memory."""

import pytest

from server.memory import affordable_workers, fit_java, usable_bytes
from server.settings import SERVE_CONFIG, read_properties

GIB = 1 << 30


@pytest.fixture
def shipped() -> dict[str, str]:
    return read_properties((SERVE_CONFIG / "config.properties").read_text(encoding="utf-8"))


@pytest.mark.parametrize("memory_bytes", [4 * GIB, 24 * GIB, 512 * GIB])
def test_with_enough_memory_the_settings_hold(shipped: dict[str, str], memory_bytes: int) -> None:
    assert fit_java(shipped, memory_bytes) == shipped


def test_with_less_the_heap_shrinks(shipped: dict[str, str]) -> None:
    fitted = fit_java(shipped, 3 * GIB)
    assert "-Xmx768m " in fitted["vmargs"]
    assert "-XX:+UseSerialGC" in fitted["vmargs"]


@pytest.mark.parametrize("memory_bytes", [GIB // 4, GIB, 2 * GIB])
def test_the_largest_request_always_fits(shipped: dict[str, str], memory_bytes: int) -> None:
    fitted = fit_java(shipped, memory_bytes)
    assert "-Xmx512m" in fitted["vmargs"]
    assert fitted["max_request_size"] == shipped["max_request_size"]


@pytest.mark.parametrize("arguments", ["-Xmx64m -Da=b", "-Xmx65536K", "-Da=-Xmx", ""])
def test_a_smaller_heap_that_was_asked_for_stays(arguments: str) -> None:
    settings = {"vmargs": arguments, "other": "1000"}
    assert fit_java(settings, 2 * GIB) == settings


@pytest.mark.parametrize(
    ("memory_bytes", "beside_java", "alone"),
    [(GIB // 2, 1, 1), (2 * GIB, 1, 2), (4 * GIB, 2, 5), (24 * GIB, 33, 36)],
)
def test_workers_find_room_beside_the_edge_and_java(
    memory_bytes: int, beside_java: int, alone: int
) -> None:
    assert affordable_workers(memory_bytes) == beside_java
    assert affordable_workers(memory_bytes, java=False) == alone


def test_workers_find_room_beside_the_archive_in_a_tmpfs() -> None:
    assert affordable_workers(4 * GIB, GIB) == 1


def test_this_machine_has_memory() -> None:
    assert usable_bytes() > GIB // 8
