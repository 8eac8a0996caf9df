"""What libraries make of a full disk, as one sentence.

Few of them let Python's OSError through: torch raises a RuntimeError about positions, safetensors
one of its own, numpy an OSError without a number; sqlite says that the database is full.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from hangtag.errors import DiskFull, HangtagError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SAID = re.compile(
    r"no space left on device|disk quota exceeded|os error (28|122|27)\b|file too large"
    r"|disk is full|requested and \d+ written",
    re.IGNORECASE,
)
# Less than any file that is worth writing: what fails there fails for want of space.
_NEARLY_FULL_BYTES = 64 << 10
_MB = 1e6
# Where commands write that name no folder.
_USUAL_FOLDERS = (Path(), Path(tempfile.gettempdir()))


class writing_into(AbstractContextManager[None]):  # noqa: N801 - reads like a function
    """Raise DiskFull, which names the folder, for whatever a full disk makes of what is inside.

    Blocks may be nested: the innermost knows best what was written. Of several folders, the one
    with the least space is named. Without any, only what says itself that there is no space counts.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del kind, traceback
        if not isinstance(error, Exception) or isinstance(error, DiskFull):
            return
        if is_full_disk(error) or (not isinstance(error, HangtagError) and self._has_no_space()):
            fullest = min(self._folders, key=free_bytes, default=None)
            raise DiskFull(describe_full_disk(error, fullest)) from error

    def _has_no_space(self) -> bool:
        return any(map(_is_nearly_full, self._folders))


def is_full_disk(error: BaseException) -> bool:
    """Whether an error, or one that it came of, says that there is no space."""
    return any(map(_says_so, _chain(error)))


def _says_so(error: BaseException) -> bool:
    if getattr(error, "errno", None) in _NO_SPACE:
        return True
    # Our own sentences may quote what people wrote.
    return not isinstance(error, HangtagError) and bool(_SAID.search(str(error)))


def describe_full_disk(error: BaseException, folder: Path | None = None) -> str:
    """Return one sentence: where there is no space, how much is left, what to do.

    folder : where something was written, for errors that name no file
    """
    files = filter(None, map(_file_of, _chain(error)))
    named = next(files, None) or folder or next(filter(_is_nearly_full, _USUAL_FOLDERS), None)
    if any(getattr(each, "errno", None) == errno.EFBIG for each in _chain(error)):
        return (
            f"{named or 'A file'} would be larger than this account may write (ulimit -f); raise "
            "the limit and run again."
        )
    left = f" ({free_bytes(Path(named)) / _MB:,.1f} MB free)" if named else ""
    return f"No space left on {named or 'the disk'}{left}; free some and run again."


def free_bytes(path: Path) -> int:
    """Return the free space of the disk that a path, which need not exist, lies or would lie on."""
    there = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    return shutil.disk_usage(there).free


def _is_nearly_full(folder: Path) -> bool:
    return free_bytes(folder) < _NEARLY_FULL_BYTES


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        # What one of ours was raised while handling need not be what it is about.
        link = link.__cause__ or (None if isinstance(link, HangtagError) else link.__context__)


def _file_of(error: BaseException) -> str | None:
    """Return the file that an error says was written; of copying, the target."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        # Of copying a folder: (source, target, reason) for each file.
        return str(error.args[0][0][1])
    name = getattr(error, "filename2", None) or getattr(error, "filename", None)
    # A number is that of an open file.
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else None
