"""How the memory of this machine, or of its container, is shared between edge, Java and workers."""

import os
import re
from collections.abc import Mapping

from hangtag.cgroup import ControlGroups

# What one worker may come to take: ResNet152, while it decodes the largest photos.
WORKER_BYTES = 700_000_000
# Java takes as much outside of its heap as inside, at most. Half as much as config.properties has
# is the least that the largest requests fit into.
_LEAST_HEAP_BYTES, _MOST_HEAP_BYTES = 1 << 29, 1 << 30
# The edge, with the bodies that it holds.
_EDGE_BYTES = 400_000_000
_HEAP = re.compile(r"-Xmx(\d+)([kmg])\b", re.IGNORECASE)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def usable_bytes() -> int:
    """Return the memory of this machine, or what its container's limit leaves of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(machine, ControlGroups().memory_bytes() or machine)


def affordable_workers(memory_bytes: int, unpacked_bytes: int = 0, *, java: bool = True) -> int:
    """Return how many workers find room beside all else, the unpacked archive too; one at least."""
    java_bytes = 2 * min(_heap_bytes(memory_bytes), _MOST_HEAP_BYTES) if java else 0
    free_bytes = memory_bytes - _EDGE_BYTES - java_bytes - unpacked_bytes
    return max(1, free_bytes // WORKER_BYTES)


def fit_java(settings: Mapping[str, str], memory_bytes: int) -> dict[str, str]:
    """Return the settings with a heap that fits; config.properties says the most."""
    arguments = settings.get("vmargs", "")
    asked = _HEAP.search(arguments)
    if asked is None:
        return dict(settings)
    asked_bytes = int(asked[1]) * _UNITS[asked[2].lower()]
    heap_bytes = min(asked_bytes, _heap_bytes(memory_bytes))
    if heap_bytes == asked_bytes:
        return dict(settings)
    return {**settings, "vmargs": _HEAP.sub(f"-Xmx{heap_bytes >> 20}m", arguments)}


def _heap_bytes(memory_bytes: int) -> int:
    return max(_LEAST_HEAP_BYTES, memory_bytes // 4)
