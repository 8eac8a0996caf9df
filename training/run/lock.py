"""One process at a time trains into a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hangtag.errors import SettingsInvalid
from training.layout import LOCK


@contextmanager
def alone_in(folder: Path, option: str = "run") -> Iterator[None]:
    """Keep other processes out of a folder, until this one leaves it or is killed.

    option : of make, that names the folder

    Raises
    ------
    SettingsInvalid : if another process is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise SettingsInvalid(
            f"Another process trains into {folder}: wait for it, stop it, or name another with "
            f"{option}=…."
        ) from error
    try:
        yield
    finally:
        lock.release()
