"""How a command ends when something is wrong: one sentence on stderr, never a traceback."""

from __future__ import annotations

import errno
import functools
import sys
from collections.abc import Callable
from typing import NoReturn, ParamSpec, TypeVar

from hangtag.errors import HangtagError

FAILED = 1
# What a shell reports for a command that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def one_sentence_errors(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a command end with one sentence and an exit code where the operator can mend the error.

    Any other error is a bug and keeps its traceback.

    Raises
    ------
    SystemExit : 1 after a HangtagError or a full disk, 130 after Ctrl-C.
    """

    @functools.wraps(command)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            return command(*arguments, **options)
        except HangtagError as error:
            _leave(str(error), FAILED)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            _leave(_full_disk(error), FAILED)
        except KeyboardInterrupt:
            _leave("Interrupted.", INTERRUPTED)

    return run


def _full_disk(error: OSError) -> str:
    return f"No space left on {error.filename or 'the disk'}; free some and run again."


def _leave(sentence: str, exit_code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(exit_code)
