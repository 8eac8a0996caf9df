"""Two processes and one run's folder."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangtag.errors import SettingsInvalid
from training.layout import LOCK
from training.run.lock import alone_in

HOLDER = """
import sys, time
from pathlib import Path
from training.run.lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("holds it", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "one"


@pytest.fixture
def other(run_folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which trains into the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run_folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds it\n"
        yield process
        process.kill()


def test_a_second_process_is_told_what_to_do(
    run_folder: Path, other: subprocess.Popen[str]
) -> None:
    told = r"^Another process trains into .*one: wait for it, "
    with pytest.raises(SettingsInvalid, match=told), alone_in(run_folder):
        pytest.fail("it was let in")
    assert other.poll() is None


def test_a_killed_process_leaves_the_folder_free(
    run_folder: Path, other: subprocess.Popen[str]
) -> None:
    other.kill()
    assert other.wait() == -signal.SIGKILL
    with alone_in(run_folder):
        assert (run_folder / LOCK).exists()


def test_a_folder_is_free_after_an_error(run_folder: Path) -> None:
    with pytest.raises(ValueError, match="of its own") as caught, alone_in(run_folder):
        raise ValueError("of its own")
    with alone_in(run_folder):
        pass
    # Whose traceback has kept the first lock from being collected, which would free it, too.
    assert caught.tb
