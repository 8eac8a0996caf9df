"""Large photos are decoded in a process that can be ended."""

import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import ImageTooManyPixels, ImageUndecodable
from hangtag.images import decoder_process
from hangtag.images.decode import Preprocessing, decode_image
from hangtag.images.decoder_process import DecoderProcess
from hangtag.images.limits import ImageLimits
from hangtag.requests.decoding import PhotoDecoder
from hangtag.requests.product import Product
from hangtag.settings import TaggerSettings

SIZE = Preprocessing(size_px=64)


def photo(kind: str, size: tuple[int, int] = (300, 200)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def decoder() -> Iterator[DecoderProcess]:
    decoder = DecoderProcess()
    yield decoder
    decoder.close()


def pid_of(decoder: DecoderProcess) -> int:
    process = decoder._process
    assert process is not None
    return process.pid


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_pixels_are_the_same_as_here(decoder: DecoderProcess, kind: str) -> None:
    data = photo(kind)
    here = decode_image(data, ImageLimits(), SIZE.size_px)
    there = decoder.decode(data, ImageLimits(), SIZE)
    assert np.array_equal(there.pixels, SIZE.to_model_input(here.rgb))
    assert there.facts == here.facts


def test_what_is_wrong_with_a_photo_is_said(decoder: DecoderProcess) -> None:
    with pytest.raises(ImageUndecodable):
        decoder.decode(photo("PNG")[:60], ImageLimits(), SIZE)
    assert decoder.decode(photo("PNG"), ImageLimits(), SIZE).facts.width_px == 300


def test_one_process_does_for_all(decoder: DecoderProcess) -> None:
    decoder.decode(photo("PNG"), ImageLimits(), SIZE)
    first = pid_of(decoder)
    decoder.decode(photo("JPEG"), ImageLimits(), SIZE)
    assert pid_of(decoder) == first


def test_a_process_that_was_ended_is_begun_anew(decoder: DecoderProcess) -> None:
    decoder.decode(photo("PNG"), ImageLimits(), SIZE)
    os.kill(pid_of(decoder), signal.SIGKILL)
    time.sleep(0.1)
    assert decoder.decode(photo("PNG"), ImageLimits(), SIZE).facts.width_px == 300


def test_what_takes_too_long_is_ended_and_refused(
    decoder: DecoderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_process, "_PATIENCE_S", 0.5)
    decoder.decode(photo("PNG"), ImageLimits(), SIZE)
    stopped = pid_of(decoder)
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(ImageTooManyPixels, match="send it smaller, or as an ordinary JPEG"):
        decoder.decode(photo("PNG"), ImageLimits(), SIZE)
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)
    monkeypatch.setattr(decoder_process, "_PATIENCE_S", 20)
    assert decoder.decode(photo("PNG"), ImageLimits(), SIZE).facts.width_px == 300


def test_the_kernel_ends_what_computes_for_too_long(decoder: DecoderProcess) -> None:
    decoder.decode(photo("PNG"), ImageLimits(), SIZE)
    limits = Path(f"/proc/{pid_of(decoder)}/limits").read_text()
    (line,) = [each for each in limits.splitlines() if each.startswith("Max cpu time")]
    assert decoder_process.MAX_CPU_S <= int(line.split()[3]) <= decoder_process.MAX_CPU_S + 3


def test_one_at_a_time_on_the_machine(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    decoders = [DecoderProcess() for _ in range(2)]
    for each in decoders:
        each.decode(photo("PNG"), ImageLimits(), SIZE)
    os.kill(pid_of(decoders[0]), signal.SIGSTOP)
    threads = [
        threading.Thread(target=each.decode, args=(photo("PNG"), ImageLimits(), SIZE))
        for each in decoders
    ]
    threads[0].start()
    time.sleep(0.3)
    threads[1].start()
    threads[1].join(0.5)
    assert threads[1].is_alive()
    os.kill(pid_of(decoders[0]), signal.SIGCONT)
    for thread in threads:
        thread.join(10)
    for each in decoders:
        each.close()


def test_large_photos_and_tiffs_go_there_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[int] = []
    real = DecoderProcess.decode

    def decode(self: DecoderProcess, data: bytes, *rest: object) -> object:
        sent.append(len(data))
        return real(self, data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(DecoderProcess, "decode", decode)
    decoder = PhotoDecoder(SIZE, TaggerSettings())
    buffer = io.BytesIO()
    Image.new("RGB", (4100, 4000)).save(buffer, "PNG")
    large, tiff, small = buffer.getvalue(), photo("TIFF"), photo("PNG")
    decoded = decoder.finish(decoder.start(Product([large, small, tiff])))
    assert [each.facts.width_px for each in decoded.photos] == [4100, 300, 300]
    assert sorted(sent) == sorted([len(large), len(tiff)])
    decoder._large_photos.close()
