"""Large photos are decoded in a process that can be ended: none takes more time than it is allowed.

Decoders run in C, where nothing stops them. A child decodes one photo at a time; it begins when the
first large photo comes, and stays. What decoders print goes nowhere, since nobody rotates it.
"""

import fcntl
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hangtag.errors import ImageTooManyPixels, RequestError, RequestFailed
from hangtag.images.decode import ImageFacts, Preprocessing, read_photo
from hangtag.images.limits import ImageLimits

# Seconds of computing; ordinary photos of 64 MP take one, in the dearest format.
MAX_CPU_S = 8
# Beside others that compute it may take longer.
_PATIENCE_S = 20.0
_START_S = 10.0
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[2]); "
    "from hangtag.images.decoder_process import main; main(int(sys.argv[1]))"
)
# The folder that the package was imported from: of a server's worker, the archive.
_PACKAGE = Path(__file__).resolve().parents[2]


class _Job(NamedTuple):
    data: bytes
    limits: ImageLimits
    preprocessing: Preprocessing


class ModelInput(NamedTuple):
    """A photo as the network takes it, uint8 (3, S, S), and what is said of it."""

    facts: ImageFacts
    pixels: npt.NDArray[np.uint8]


class DecoderProcess:
    """Decodes photos one at a time; threads may share it, and processes share one turn."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[_Job, ModelInput | RequestError] | None = None

    def decode(self, data: bytes, limits: ImageLimits, preprocessing: Preprocessing) -> ModelInput:
        """Decode a photo.

        Raises
        ------
        RequestError : what is wrong with the photo.
        ImageTooManyPixels : if it takes more computing than any photo may.
        RequestFailed : if the process cannot be started.
        """
        with self._turn, _one_on_the_machine():
            decoded = self._ask(_Job(data, limits, preprocessing))
        if isinstance(decoded, RequestError):
            raise decoded
        return decoded

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _ask(self, job: _Job) -> ModelInput | RequestError:
        connection = self._running()
        try:
            connection.send(job)
            if not connection.poll(_PATIENCE_S):
                raise EOFError
            return connection.recv()
        except (EOFError, OSError) as error:
            # It was ended, by the kernel's limit or by us.
            self.close()
            raise ImageTooManyPixels(
                f"The photo takes more than {MAX_CPU_S} s of computing to decode; send it smaller, "
                "or as an ordinary JPEG."
            ) from error

    def _running(self) -> "Connection[_Job, ModelInput | RequestError]":
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._connection is None:
            self._begin()
        if self._connection is None:
            raise RequestFailed("The process that decodes large photos could not be started.")
        return self._connection

    def _begin(self) -> None:
        ours, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), str(_PACKAGE)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._process = process
        try:
            if ours.poll(_START_S):
                ours.recv()
                self._connection = ours
        except (EOFError, OSError):
            process.kill()
        if self._connection is None:
            ours.close()


def main(descriptor: int) -> None:
    """Decode what comes over a connection, until its other end has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(descriptor) as connection, suppress(EOFError, OSError):
        connection.send(None)
        while True:
            job: _Job = connection.recv()
            _limit_computing()
            connection.send(_decoded(job))


def _decoded(job: _Job) -> ModelInput | RequestError:
    try:
        image = read_photo(job.data, job.limits).decode(job.preprocessing.size_px)
        return ModelInput(image.facts, job.preprocessing.to_model_input(image.rgb))
    except RequestError as error:
        # What it came from need not be such as can be sent.
        error.__cause__ = error.__context__ = None
        return error


def _limit_computing() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit_s = int(used.ru_utime + used.ru_stime) + MAX_CPU_S + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, resource.RLIM_INFINITY))


@contextmanager
def _one_on_the_machine() -> Iterator[None]:
    """Wait until no other worker of this server decodes a large photo: memory is for one."""
    path = Path(tempfile.gettempdir(), f"hangtag-large-photo-{os.getuid()}.lock")
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
