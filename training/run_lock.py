"""One process at a time trains into a run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hangtag.errors import SettingsInvalid

LOCK = ".lock"


@contextmanager
def alone_in(run_folder: Path) -> Iterator[None]:
    """Keep other processes out of a run's folder, until this one leaves it or is killed.

    Raises
    ------
    SettingsInvalid : if another process is there.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(run_folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise SettingsInvalid(
            f"Another process trains into {run_folder}: wait for it, stop it, or name another "
            "folder with RUN=…."
        ) from error
    try:
        yield
    finally:
        lock.release()
