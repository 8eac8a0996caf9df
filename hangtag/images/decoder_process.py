"""Photos are decoded in a process that can be ended: none takes more than it is allowed.

Decoders run in C, where nothing stops them. A child decodes one photo at a time; it begins when the
first photo comes that needs it, and stays.
"""

import signal
import subprocess
import sys
import threading
import weakref
from contextlib import ExitStack
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from hangtag.errors import (
    DeadlineExceeded,
    ImageTooManyPixels,
    ImageUndecodable,
    RequestError,
    RequestFailed,
)
from hangtag.images.decode import Preprocessing
from hangtag.images.decoder_child import MAX_CPU_S, Job, ModelInput
from hangtag.images.limits import ImageLimits

# Beside others that compute, MAX_CPU_S may take so long.
_PATIENCE_S = 20.0
_START_S = 20.0
# One that something else ended is begun again once.
_ATTEMPTS = 2
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[2]); "
    "from hangtag.images.decoder_child import main; main(int(sys.argv[1]))"
)
# The folder that the package was imported from: of a server's worker, the archive.
_PACKAGE = Path(__file__).resolve().parents[2]
# What a decoder ends by that meets bytes which it was not made for.
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})

_Answer = ModelInput | RequestError


class _Ended(Exception):
    """The child ended while it decoded; by `signal_number`, 0 if by itself."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class DecoderProcess:
    """Decodes photos one at a time; threads may share it."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._child: _Child | None = None

    def decode(self, data: bytes, limits: ImageLimits, preprocessing: Preprocessing) -> ModelInput:
        """Decode a photo.

        Raises
        ------
        RequestError : what is wrong with the photo.
        ImageTooManyPixels : if it takes more computing than any photo may.
        ImageUndecodable : if its decoder breaks down.
        DeadlineExceeded : if it takes too long though it computes little.
        RequestFailed : if the process cannot be started, or something else ends it again and again.
        """
        job = Job(data, limits, preprocessing)
        with self._turn:
            decoded = self._ask_again(job)
        if isinstance(decoded, RequestError):
            raise decoded
        return decoded

    @property
    def pid(self) -> int | None:
        """The process that decodes; None before the first photo that needs it."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._close()

    def _ask_again(self, job: Job) -> _Answer:
        for _ in range(_ATTEMPTS):
            try:
                return self._ask(job)
            except _Ended as ended:
                _blame_photo(ended)
        raise RequestFailed("The process that decodes large photos was ended by something else.")

    def _ask(self, job: Job) -> _Answer:
        with ExitStack() as failed:
            # Half a question or half an answer may be under way then.
            failed.callback(self._close)
            answer = self._running().ask(job)
            failed.pop_all()
        return answer

    def _close(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child = None

    def _running(self) -> "_Child":
        if self._child is not None and not self._child.is_alive:
            self._close()
        if self._child is None:
            self._child = _Child()
        return self._child


class _Child:
    """A process that was begun, and our end of the connection to it."""

    def __init__(self) -> None:
        self._is_late = False
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), str(_PACKAGE)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        # Also where nobody closes it before it is forgotten.
        self.close = weakref.finalize(self, _end, self._process, self._connection)
        try:
            has_begun = self._connection.poll(_START_S)
            if has_begun:
                self._connection.recv()
        except (EOFError, OSError):
            has_begun = False
        if not has_begun:
            self.close()
            raise RequestFailed("The process that decodes large photos could not be started.")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, job: Job) -> _Answer:
        # It may stand still while it is sent a photo, too.
        clock = threading.Timer(_PATIENCE_S, self._lose_patience)
        clock.daemon = True
        clock.start()
        try:
            self._connection.send(job)
            answer: _Answer = self._connection.recv()
        except (EOFError, OSError) as error:
            status = self._process.wait()
            if self._is_late:
                raise DeadlineExceeded(
                    f"The photo was not decoded within {_PATIENCE_S:.0f} s; send it again later, "
                    "or smaller."
                ) from error
            raise _Ended(max(0, -status)) from error
        finally:
            clock.cancel()
        return answer

    def _lose_patience(self) -> None:
        self._is_late = True
        self._process.kill()


def _end(process: "subprocess.Popen[bytes]", connection: Connection) -> None:
    process.kill()
    process.wait()
    connection.close()


def _blame_photo(ended: _Ended) -> None:
    """Raise if the child ended because of the photo that it decoded."""
    if ended.signal_number == signal.SIGXCPU:
        raise ImageTooManyPixels(
            f"The photo takes more than {MAX_CPU_S} s of computing to decode; send it smaller, "
            "or as an ordinary JPEG."
        ) from ended
    if ended.signal_number in _CRASHES:
        raise ImageUndecodable(
            "The photo is broken so that its decoder breaks down; save it anew and send that."
        ) from ended
