"""How a command runs, and how it ends when something is wrong: one sentence on stderr."""

import errno
import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar

from hangtag.cli.streams import make_streams_lenient
from hangtag.cli.wording import in_operators_words
from hangtag.errors import HangtagError, SettingsInvalid
from hangtag.files.full_disk import writing_into

FAILED = 1
# What a shell reports for a command that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130

_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_TEMPORARY_FOLDER = (
    "There is no folder for temporary files that can be written to and has room; name one with "
    "TMPDIR=…."
)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def run_command(command: Callable[[], object]) -> None:
    """Run what this process was started for: every command goes through here.

    Names of files are UTF-8, whatever the locale says and the terminal shows; what is printed
    fails nothing.
    """
    if sys.getfilesystemencoding() != "utf-8":
        _begin_again_in_utf_8()
    make_streams_lenient()
    command()


def _begin_again_in_utf_8() -> NoReturn:
    # Libraries take names of files for UTF-8 even where Python does not: others could not be found.
    # https://docs.python.org/3/library/os.html#utf8-mode
    environment = {**os.environ, "PYTHONUTF8": "1"}
    if sys.stdout is not None:
        environment["PYTHONIOENCODING"] = sys.stdout.encoding
    command = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
    os.execve(sys.executable, command, environment)  # noqa: S606 - this very command


def expand_home(path: Path) -> Path:
    """Return a path without a `~` at its start, which shells leave there inside quotes.

    Raises
    ------
    SettingsInvalid : if that user is unknown or has no home folder.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise SettingsInvalid(
            f"{path} begins with a home folder that is not known here."
        ) from error


def one_sentence_errors(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a command end with one sentence and an exit code where the operator can mend the error.

    Any other error is a bug and keeps its traceback.

    Raises
    ------
    SystemExit : 1 after a HangtagError, a full disk or a missing permission, 130 after Ctrl-C.
    """

    @functools.wraps(command)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            with writing_into():
                return command(*arguments, **options)
        except HangtagError as error:
            _leave(in_operators_words(str(error)), FAILED)
        except shutil.Error as error:
            # Of copying a folder: (source, target, reason) for each file.
            _, target, reason = error.args[0][0]
            _leave(f"{target} cannot be written ({reason}).", FAILED)
        except OSError as error:
            if _lacks_temporary_folder(error):
                _leave(_NO_TEMPORARY_FOLDER, FAILED)
            if error.errno not in _NOT_ALLOWED:
                raise
            _leave(
                f"{error.filename or 'A file'} cannot be written or read: {error.strerror}.", FAILED
            )
        except KeyboardInterrupt:
            _leave("Interrupted.", INTERRUPTED)

    return run


def _lacks_temporary_folder(error: OSError) -> bool:
    # Python's tempfile has no error of its own for it.
    return error.errno == errno.ENOENT and "No usable temporary directory" in str(error)


def _leave(sentence: str, exit_code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(exit_code)
