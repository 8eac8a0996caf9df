"""The processes of a running server, as the kernel lists them."""

import os
from pathlib import Path

_WORKER_MODULES = ("model_service_worker", "service.backends.worker")
_PROC = Path("/proc")


def worker_pids(group: int) -> list[int]:
    """Return the workers of a server, those that still load included; the oldest first.

    Parameters
    ----------
    group : the id of the process group that all its processes belong to
    """
    pids = [int(each.name) for each in _PROC.iterdir() if each.name.isdigit()]
    return sorted(pid for pid in pids if _is_worker(pid, group))


def _is_worker(pid: int, group: int) -> bool:
    try:
        if os.getpgid(pid) != group:
            return False
        command = (_PROC / str(pid) / "cmdline").read_text(errors="replace")
    except (ProcessLookupError, FileNotFoundError, PermissionError):
        # Ended while it was looked at.
        return False
    return any(module in command for module in _WORKER_MODULES)
