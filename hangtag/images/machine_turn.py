"""One large photo at a time on a machine: the memory that is planned for it is there once.

Workers share nothing but the folder for temporary files. The lock is the kernel's and goes with the
process that holds it, however it ends; the file stays, and means nothing by itself. Each user has
one of its own, as none may write another's.
"""

import fcntl
import logging
import os
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hangtag.errors import DeadlineExceeded

logger = logging.getLogger(__name__)

# Others have at most so many large photos before one that somebody still waits for.
PATIENCE_S = 20.0
_PAUSE_S = 0.02
_OWNER_ALONE = 0o600
# The kernel's lock is one for each opened file; threads of one process take turns here, in order.
_in_process = threading.Lock()


def lock_path() -> Path:
    """Return the file that workers of one user share."""
    return Path(tempfile.gettempdir(), f"hangtag-large-photo-{os.getuid()}.lock")


@contextmanager
def machine_turn() -> Iterator[None]:
    """Wait until no other thread or process of this user decodes a large photo.

    Where the file cannot be had, the turn is this process's alone.

    Raises
    ------
    DeadlineExceeded : if it does not come in time.
    """
    until_s = time.monotonic() + PATIENCE_S
    if not _in_process.acquire(timeout=PATIENCE_S):
        raise _too_late()
    try:
        descriptor = _open_lock()
        try:
            if descriptor is not None:
                _wait(descriptor, until_s)
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)
    finally:
        _in_process.release()


def _open_lock() -> int | None:
    # Somebody else may have put a link there, or a pipe.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(lock_path(), flags, _OWNER_ALONE)
    except OSError as error:
        logger.warning("Other workers may decode large photos at the same time: %s", error)
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        logger.warning("Other workers may decode large photos at the same time: odd lock file")
        os.close(descriptor)
        return None
    return descriptor


def _wait(descriptor: int, until_s: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise _too_late() from None
            time.sleep(_PAUSE_S)
        else:
            return


def _too_late() -> DeadlineExceeded:
    return DeadlineExceeded(
        f"Other large photos were decoded for {PATIENCE_S:.0f} s before the turn of this one came; "
        "send it again later, or smaller."
    )
