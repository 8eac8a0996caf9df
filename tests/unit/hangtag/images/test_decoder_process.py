"""Photos that may be dear are decoded in a process that can be ended."""

import gc
import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import DeadlineExceeded, ImageTooManyPixels, ImageUndecodable, RequestFailed
from hangtag.images import decoder_process
from hangtag.images.decode import Preprocessing, decode_image
from hangtag.images.decoder_child import MAX_CPU_S
from hangtag.images.decoder_process import DecoderProcess
from hangtag.images.limits import ImageLimits

SIZE = Preprocessing(size_px=64)
LIMITS = ImageLimits()


def photo(kind: str, size: tuple[int, int] = (300, 200)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


PNG = photo("PNG")
# Does not fit into what a pipe holds.
BULKY = PNG + bytes(5_000_000)


@pytest.fixture
def decoder() -> Iterator[DecoderProcess]:
    decoder = DecoderProcess()
    yield decoder
    decoder.close()


def pid_of(decoder: DecoderProcess) -> int:
    """The process, begun if need be."""
    decoder.decode(PNG, LIMITS, SIZE)
    assert decoder.pid is not None
    return decoder.pid


def is_running(pid: int) -> bool:
    """Whether a process is there, and not only because nobody has taken leave of it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def while_it_stands_still(
    decoder: DecoderProcess, meanwhile: Callable[[int], None], data: bytes = PNG
) -> Exception | None:
    """Ask a process that stands still; return how that ended after something was done to it."""
    pid = pid_of(decoder)
    os.kill(pid, signal.SIGSTOP)
    errors: list[Exception | None] = []

    def ask() -> None:
        try:
            decoder.decode(data, LIMITS, SIZE)
        except RequestFailed as error:
            errors.append(error)
        else:
            errors.append(None)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    meanwhile(pid)
    thread.join(30)
    (error,) = errors
    return error


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_pixels_are_the_same_as_here(decoder: DecoderProcess, kind: str) -> None:
    data = photo(kind)
    here = decode_image(data, LIMITS, SIZE.size_px)
    there = decoder.decode(data, LIMITS, SIZE)
    assert np.array_equal(there.pixels, SIZE.to_model_input(here.rgb))
    assert there.facts == here.facts


def test_what_is_wrong_with_a_photo_is_said(decoder: DecoderProcess) -> None:
    with pytest.raises(ImageUndecodable):
        decoder.decode(PNG[:60], LIMITS, SIZE)
    assert decoder.decode(PNG, LIMITS, SIZE).facts.width_px == 300


def test_it_begins_with_the_first_photo_and_does_for_all(decoder: DecoderProcess) -> None:
    assert decoder.pid is None
    first = pid_of(decoder)
    decoder.decode(photo("JPEG"), LIMITS, SIZE)
    assert decoder.pid == first


def test_one_that_was_ended_between_photos_is_begun_again(decoder: DecoderProcess) -> None:
    ended = pid_of(decoder)
    os.kill(ended, signal.SIGKILL)
    time.sleep(0.1)
    assert pid_of(decoder) != ended


def test_one_that_is_ended_by_something_else_is_begun_again(decoder: DecoderProcess) -> None:
    assert while_it_stands_still(decoder, lambda pid: os.kill(pid, signal.SIGKILL)) is None


def test_what_computes_for_too_long_is_refused(decoder: DecoderProcess) -> None:
    """The kernel says so with this signal; here we say it for the kernel."""

    def ends(pid: int) -> None:
        os.kill(pid, signal.SIGXCPU)
        os.kill(pid, signal.SIGCONT)

    error = while_it_stands_still(decoder, ends)
    assert isinstance(error, ImageTooManyPixels)
    assert str(error) == (
        "The photo takes more than 8 s of computing to decode; send it smaller, or as an ordinary "
        "JPEG."
    )


def limit(decoder: DecoderProcess, name: str) -> int:
    limits = Path(f"/proc/{decoder.pid}/limits").read_text()
    (line,) = [each for each in limits.splitlines() if each.startswith(name)]
    return int(line.removeprefix(name).split()[0])


def test_the_kernel_knows_how_long_a_photo_may_compute(decoder: DecoderProcess) -> None:
    for _ in range(2):
        pid_of(decoder)
        assert MAX_CPU_S <= limit(decoder, "Max cpu time") <= MAX_CPU_S + 3


def test_the_kernel_knows_how_much_memory_a_photo_may_have(decoder: DecoderProcess) -> None:
    pid_of(decoder)
    of_small_ones = limit(decoder, "Max data size")
    decoder.decode(photo("JPEG", (6000, 5000)), LIMITS, SIZE)
    assert limit(decoder, "Max data size") - of_small_ones == 18 * (30_000_000 - 16_000_000)
    assert 18 * 16_000_000 < of_small_ones < 1_000_000_000 + 8_388_608 * (os.cpu_count() or 1)


def test_a_small_photo_leaves_no_limit_to_a_large_one(decoder: DecoderProcess) -> None:
    pid_of(decoder)
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 8000), (3, 5, 7)).save(buffer, "WEBP", lossless=True, method=0)
    assert decoder.decode(buffer.getvalue(), LIMITS, SIZE).facts.width_px == 8000


def test_a_decoder_that_breaks_down_takes_nothing_with_it(decoder: DecoderProcess) -> None:
    def breaks_down(pid: int) -> None:
        os.kill(pid, signal.SIGSEGV)
        os.kill(pid, signal.SIGCONT)

    assert isinstance(while_it_stands_still(decoder, breaks_down), ImageUndecodable)
    assert decoder.decode(PNG, LIMITS, SIZE).facts.width_px == 300


@pytest.mark.parametrize("data", [PNG, BULKY], ids=["while decoding", "while it is sent"])
def test_what_stands_still_is_ended(
    decoder: DecoderProcess, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(decoder_process, "_PATIENCE_S", 0.5)
    pids: list[int] = []
    assert isinstance(while_it_stands_still(decoder, pids.append, data), DeadlineExceeded)
    assert not is_running(pids[0])
    monkeypatch.undo()
    assert decoder.decode(data, LIMITS, SIZE).facts.width_px == 300


def test_what_cannot_be_started_is_the_services_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_process, "_PROGRAM", "raise SystemExit(1)")
    with pytest.raises(RequestFailed, match="could not be started") as caught:
        DecoderProcess().decode(PNG, LIMITS, SIZE)
    assert caught.value.status == 500


def test_no_descriptors_are_lost(decoder: DecoderProcess) -> None:
    pid_of(decoder)
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(3):
        os.kill(pid_of(decoder), signal.SIGKILL)
        time.sleep(0.05)
    pid_of(decoder)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_it_ends_when_it_is_forgotten() -> None:
    decoder = DecoderProcess()
    pid = pid_of(decoder)
    del decoder
    gc.collect()
    assert not is_running(pid)
