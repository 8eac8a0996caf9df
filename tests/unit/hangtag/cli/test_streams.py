"""Printing never fails a command: real processes on the streams that people give them."""

import ast
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.test_architecture import PROJECT

# Runs where Hangtag is not installed.
WITHOUT_HANGTAG = {"requirements.py", "trim.py", "healthcheck.py"}
ROOMS = ("bench", "chaos", "deploy", "loadtest", "server", "training")
PROGRAM = """
import sys
from pathlib import Path
from rich.console import Console
from rich.table import Table
from hangtag.cli.console import run_command

def main():
    for stream in (sys.stdout, sys.stderr):
        for _ in range(2000):
            print("Größe 20 ≥ 10 … ✓", file=stream)
    table = Table("Größe", title="…")
    table.add_row("✓")
    Console().print(table)
    with Console().status("Loading …"):
        Console(stderr=True).print("naïve →")
    Path(sys.argv[1]).write_text("done", encoding="utf-8")

run_command(main)
"""


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **more}


def run(
    folder: Path, redirections: str, encoding: Mapping[str, str], program: str = PROGRAM
) -> subprocess.CompletedProcess[bytes]:
    """Run the program in a shell; it must reach its end."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    script = f'"$0" program.py done {redirections}'
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}", sys.executable],
        cwd=folder,
        env=environment(**encoding),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    assert (folder / "done").read_text("utf-8") == "done"
    return done


ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "posix": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "strict": {"PYTHONIOENCODING": "ascii:strict", "PYTHONUNBUFFERED": "1"},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_characters_that_a_stream_lacks_are_replaced(
    encoding: Mapping[str, str], tmp_path: Path
) -> None:
    done = run(tmp_path, "", encoding)
    name = encoding.get("PYTHONIOENCODING", "ascii").partition(":")[0]
    shown = {"ascii": "Gr??e 20 >= 10 ... ?", "latin-1": "Größe 20 >= 10 ... ?"}
    expected = shown.get(name, "Größe 20 ≥ 10 … ✓")
    for printed in (done.stdout, done.stderr):
        assert printed.decode(name).splitlines()[:2000] == [expected] * 2000


@pytest.mark.parametrize(
    "redirections",
    ["| true", "2>&1 | head -1", ">/dev/full 2>&1", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"],
)
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_stream_that_takes_nothing_stops_nobody(
    redirections: str, encoding: str, tmp_path: Path
) -> None:
    run(tmp_path, redirections, ENCODINGS[encoding])


def test_what_is_opened_is_not_printed_into(tmp_path: Path) -> None:
    program = """
import sys
from hangtag.cli.console import run_command

def main():
    with open(sys.argv[1], "w") as file:
        file.write("done")
        file.flush()
        print("in the wrong place", flush=True)
        print("in the wrong place", file=sys.stderr, flush=True)

run_command(main)
"""
    run(tmp_path, "<&- >&- 2>&-", {}, program)


def test_a_name_that_is_no_text_is_printed_as_it_is(tmp_path: Path) -> None:
    program = """
import sys
from hangtag.cli.console import run_command

def main():
    print(b"gr\\xfcn.jpg".decode(errors="surrogateescape"))
    open(sys.argv[1], "w").write("done")

run_command(main)
"""
    assert run(tmp_path, "", {}, program).stdout == b"gr\xfcn.jpg\n"


def test_names_of_files_are_utf_8_whatever_the_locale_is(tmp_path: Path) -> None:
    program = """
import sys
from hangtag.cli.console import run_command

def main():
    open("gr\xfcn", "w").close()
    print(sys.argv[1:], sys.getfilesystemencoding(), sys.stdout.encoding)
    open(sys.argv[1], "w").write("done")

run_command(main)
"""
    done = run(tmp_path, "'it is' ß", ENCODINGS["posix"], program)
    assert done.stdout == b"['done', 'it is', '?'] utf-8 ascii\n"
    assert (tmp_path / "grün").exists()


def test_a_pipe_that_does_not_block_loses_nothing(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "program.py", "done"]
    received = bytearray()

    def read_late() -> None:
        time.sleep(0.5)
        while block := os.read(read, 1 << 16):
            received.extend(block)

    reader = threading.Thread(target=read_late)
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=write, stderr=write
    ) as running:
        os.close(write)
        reader.start()
        assert running.wait(60) == 0
    reader.join()
    os.close(read)
    # Pieces of lines of the two streams may stand in between.
    whole = run(tmp_path, "2>&1", ENCODINGS["utf-8"]).stdout
    assert Counter(received) == Counter(whole)


def _modules_that_run() -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((PROJECT / room).rglob("*.py"))
        if 'if __name__ == "__main__":' in path.read_text("utf-8")
        and path.name not in WITHOUT_HANGTAG
    ]


@pytest.mark.parametrize("path", _modules_that_run(), ids=lambda path: str(path.name))
def test_every_command_goes_through_the_one_place(path: Path) -> None:
    last = ast.parse(path.read_text("utf-8")).body[-1]
    assert isinstance(last, ast.If)
    assert [ast.unparse(each).partition("(")[0] for each in last.body] == ["run_command"]
