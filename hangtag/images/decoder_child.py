"""The process that decodes: what it may spend, and how it ends.

`python -c "… main(DESCRIPTOR)"`: DESCRIPTOR is its end of a connection. It computes for a bounded
time on each photo and has a bounded memory; beyond them the kernel, which can stop what runs in C,
ends it or gives it no more. What decoders print goes nowhere, since nobody rotates it.
"""

import os
import resource
import select
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hangtag.errors import RequestError
from hangtag.images.decode import ImageFacts, PhotoFile, Preprocessing, read_photo
from hangtag.images.limits import ImageLimits

# Seconds of computing; ordinary photos of 64 MP take two, in the dearest format.
MAX_CPU_S = 8
# What the dearest format takes, WebP, of photos that are not larger than they say; small ones may
# lie in large tiles. And what this process has besides: libraries, the file, and a stack for each
# thread of a decoder.
_MAX_BYTES_PER_PIXEL = 18
_MIN_PIXELS = 16_000_000
_OWN_BYTES = 200_000_000
_STACK_BYTES = 8 << 20
# If memory is short, the kernel ends this process first.
_MOST_DISPENSABLE = "1000"


class Job(NamedTuple):
    """A photo as it came, and how it is to be read."""

    data: bytes
    limits: ImageLimits
    preprocessing: Preprocessing


class ModelInput(NamedTuple):
    """A photo as the network takes it, uint8 (3, S, S), and what is said of it."""

    facts: ImageFacts
    pixels: npt.NDArray[np.uint8]


def model_input(photo: PhotoFile, preprocessing: Preprocessing) -> ModelInput:
    """Decode a photo and let go of all but what the network takes.

    Raises
    ------
    ImageUndecodable
    """
    image = photo.decode(preprocessing.size_px)
    return ModelInput(image.facts, preprocessing.to_model_input(image.rgb))


def main(descriptor: int) -> None:
    """Decode what comes over a connection, until its other end has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _be_dispensable()
    _print_nowhere()
    threading.Thread(target=_end_with, args=(descriptor,), daemon=True).start()
    with Connection(descriptor) as connection, suppress(EOFError, OSError):
        connection.send(None)
        while True:
            # Nothing of a photo is kept until the next one comes.
            connection.send(_decoded(connection.recv()))


def _decoded(job: Job) -> ModelInput | RequestError:
    _limit_computing()
    # Some decoders ask for all that they will need when they read a header.
    _limit_memory(job.limits.max_image_pixels)
    try:
        photo = read_photo(job.data, job.limits)
        _limit_memory(photo.pixels)
        return model_input(photo, job.preprocessing)
    except RequestError as error:
        # What it came from need not be such as can be sent.
        error.__cause__ = error.__context__ = None
        return error


def _limit_computing() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit_s = int(used.ru_utime + used.ru_stime) + MAX_CPU_S + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, resource.RLIM_INFINITY))


def _limit_memory(pixels: int) -> None:
    own_bytes = _OWN_BYTES + _STACK_BYTES * (os.cpu_count() or 1)
    data_bytes = own_bytes + _MAX_BYTES_PER_PIXEL * max(pixels, _MIN_PIXELS)
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, resource.RLIM_INFINITY))


def _be_dispensable() -> None:
    # A dump of a decoder that was ended would have a gigabyte.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # not on Linux
        Path("/proc/self/oom_score_adj").write_text(_MOST_DISPENSABLE, encoding="ascii")


def _print_nowhere() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _end_with(descriptor: int) -> None:
    """End when the other end of the connection has gone, also in the middle of a photo."""
    gone = select.poll()
    # Of what can be read nothing is asked: hanging up is always told.
    gone.register(descriptor, 0)
    gone.poll()
    os._exit(0)
