"""The temporary folder that one server runs in."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "hangtag-run-"
# Locked by its owner for as long as that lives, however it ends.
_OWNED = "owned"
# A unix socket's path holds 103 bytes on some systems; the run folder's name and the socket's
# own take 36 of them.
MAX_TEMP_PATH_BYTES = 66


@contextmanager
def run_folder() -> Iterator[Path]:
    """Make a folder, and remove it at the end; sweep away those whose owners were killed."""
    parent = _parent()
    _sweep(parent)
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True) as name,
        Path(name, _OWNED).open("wb") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def _parent() -> Path:
    usual = tempfile.gettempdir()
    # TorchServe reads its settings as Latin-1, and splits some of them at each `:`.
    is_plain = usual.isascii() and os.pathsep not in usual
    fits = is_plain and len(os.fsencode(usual)) <= MAX_TEMP_PATH_BYTES
    return Path(usual if fits else "/tmp")  # noqa: S108


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        if _is_forsaken(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_forsaken(folder: Path) -> bool:
    try:
        with (folder / _OWNED).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # It is locked, just being made, or another user's.
        return False
    return True
