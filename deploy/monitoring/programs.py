"""Finds prometheus and promtool, or fetches Debian's package of them."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from hangtag.errors import SetupError

_PROJECT = Path(__file__).resolve().parents[2]
# Unpacked and not installed: Debian would start a Prometheus of its own.
UNPACKED = _PROJECT / "build" / "prometheus"
_PACKAGE = "prometheus"
_ROOT = 0


def find_program(name: str) -> Path | None:
    """Return `prometheus` or `promtool`: the one on PATH, or the one that was fetched."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(UNPACKED / "usr" / "bin")])
    found = shutil.which(name, path=path)
    return None if found is None else Path(found)


def obtain_program(name: str) -> Path:
    """Return the program, fetched with apt if it is missing; nothing is installed.

    Raises
    ------
    SetupError : if it is missing and cannot be fetched.
    """
    if find_program(name) is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        with Console(stderr=True).status(f"Fetching Debian's package {_PACKAGE} …"):
            _unpack_package()
    program = find_program(name)
    if program is None:
        raise SetupError(
            f"There is no {name}; install your system's package {_PACKAGE}, or put it on PATH "
            "from https://prometheus.io/download."
        )
    return program


def _unpack_package() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # apt fetches as a user of its own, who must be let in.
        Path(folder).chmod(0o755)
        if not _download(folder) and os.geteuid() == _ROOT:
            # Images come without lists of packages.
            _run(["apt-get", "update", "-qq"], folder)
            _download(folder)
        for package in Path(folder).glob("*.deb"):
            _run(["dpkg-deb", "--extract", str(package), str(UNPACKED)], folder)


def _download(folder: str) -> bool:
    return _run(["apt-get", "download", "-qq", _PACKAGE], folder)


def _run(command: list[str], folder: str) -> bool:
    """Return whether it worked; if not, the program will be missing, which is said then."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0
