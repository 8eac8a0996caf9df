"""The process that decodes: it says nothing, and ends with the one that began it."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from chaos.fuzzing.broken_tiffs import broken_tiffs
from tests.unit.hangtag.images.test_decoder_process import PNG, is_running
from tests.unit.hangtag.images.tiff_files import LONG, SHORT, YCBCR, tiff_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")


def wait_until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)


PROGRAM = """
import sys
from hangtag.errors import ImageUndecodable
from hangtag.images.decode import Preprocessing
from hangtag.images.decoder_process import DecoderProcess
from hangtag.images.limits import ImageLimits
decoder = DecoderProcess()
for path in sys.argv[1:]:
    try:
        decoder.decode(open(path, "rb").read(), ImageLimits(), Preprocessing())
    except ImageUndecodable as error:
        print(error)
    print(decoder.pid, flush=True)
sys.stdin.read()
"""


def program(*paths: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def scanned_tiff(side_px: int = 8000, strips: int = 8, scans: int = 90) -> bytes:
    """A TIFF of JPEG strips, each of very many scans; 64 MP take more than two seconds."""
    rows = side_px // strips
    buffer = io.BytesIO()
    Image.new("RGB", (side_px, rows), (200, 60, 90)).save(
        buffer, "JPEG", progressive=True, subsampling=0
    )
    jpeg = buffer.getvalue()
    last = jpeg.rindex(b"\xff\xda")
    strip = jpeg[:last] + jpeg[last:-2] * (scans - 10) + b"\xff\xd9"
    tags = {256: (LONG, (side_px,)), 257: (LONG, (side_px,)), 258: (SHORT, (8, 8, 8)),
            259: (SHORT, (7,)), 262: (SHORT, (YCBCR,)), 273: (LONG, (8,) * strips),
            277: (SHORT, (3,)), 278: (LONG, (rows,)), 279: (LONG, (len(strip),) * strips),
            530: (SHORT, (1, 1))}  # fmt: skip
    return tiff_file(tags, strip)


def test_it_ends_with_the_one_that_began_it(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(PNG)
    with program(path) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
        parent.wait()
        wait_until(lambda: not is_running(pid))


def test_it_ends_so_in_the_middle_of_a_photo(tmp_path: Path) -> None:
    paths = [tmp_path / "photo.png", tmp_path / "dear.tif"]
    paths[0].write_bytes(PNG)
    paths[1].write_bytes(scanned_tiff())
    with program(*paths) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        begun_s = computed_s(pid)
        wait_until(lambda: computed_s(pid) > begun_s + 0.3)
        parent.kill()
        parent.wait()
        latest_s = begun_s
        while is_running(pid):
            latest_s = max(latest_s, computed_s(pid))
    assert latest_s < begun_s + 1.5


def computed_s(pid: int) -> float:
    """Seconds that a process has computed for; 0 once it has gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, stat.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def test_what_libtiff_says_goes_nowhere(tmp_path: Path) -> None:
    paths = []
    for number, data in enumerate(broken_tiffs(4)):
        paths.append(tmp_path / f"{number}.tif")
        paths[-1].write_bytes(data)
    here = subprocess.run(
        [sys.executable, "-c", DECODES_HERE, *map(str, paths)], capture_output=True, check=True
    )
    # Else there was nothing to say.
    assert here.stderr
    with program(*paths) as there:
        out, err = there.communicate("")
    assert err == ""
    assert "is broken or cut short" in out


DECODES_HERE = """
import sys
from hangtag.errors import ImageUndecodable
from hangtag.images.decode import decode_image
from hangtag.images.limits import ImageLimits
for path in sys.argv[1:]:
    try:
        decode_image(open(path, "rb").read(), ImageLimits(), 224)
    except ImageUndecodable:
        pass
"""
