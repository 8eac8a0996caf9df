"""`python -m deploy.install.packages serving|everything`: brings the locked packages into .venv.

The lock files are complete, so each package is installed without what it asks for itself: that is
quicker, and leaves out `openvino-telemetry`, which OpenVINO asks for and which calls home.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Of the core only what needs no package.
from hangtag.cli.console import run_command

VENV = Path(".venv")
LEAST_PYTHON = (3, 11)
PYTHON = VENV / "bin" / "python"
# Says that what the serving lock names is there; the other, all that the project needs.
SERVING_MARK, EVERYTHING_MARK = VENV / ".serving", VENV / ".installed"
# Calls an analytics host and writes a client's ID into the home folder; OpenVINO does without it.
_UNWANTED = "openvino-telemetry"


class InstallationFailed(Exception):
    """What went wrong and what to do, in one sentence."""


@dataclass(frozen=True)
class PackageSet:
    """A lock file and what it costs, measured on Linux for x86-64.

    venv_gb : of disk; download_gb : of network where nothing is cached
    """

    lock: Path
    purpose: str
    venv_gb: float
    download_gb: float
    marks: tuple[Path, ...]
    # Tests and tools are commands of the checkout, wherever they are called from.
    with_project: bool = False


SETS = {
    "serving": PackageSet(
        Path("requirements-serve.lock"), "what serving needs", 0.5, 0.2, (SERVING_MARK,)
    ),
    "everything": PackageSet(
        Path("requirements.lock"),
        "what training, tests and measurements need",
        7.0,
        3.1,
        (SERVING_MARK, EVERYTHING_MARK),
        with_project=True,
    ),
}


def main(arguments: Sequence[str]) -> int:
    """Install the package set that is named; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        print(f"usage: python -m deploy.install.packages {'|'.join(SETS)}", file=sys.stderr)
        return 2
    try:
        install(SETS[arguments[0]])
    except InstallationFailed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on where it stopped.", file=sys.stderr)
        return 130
    return 0


def install(packages: PackageSet) -> None:
    """Make .venv if there is none, and bring it to what the lock says.

    Raises
    ------
    InstallationFailed : if there is no room, no venv can be made, or pip fails.
    """
    started = time.monotonic()
    require_possible(Path.cwd())
    print(announcement(packages, shutil.disk_usage(".").free), flush=True)
    if not _works(PYTHON):
        _make_venv()
    _run_pip("install", "--no-deps", "--requirement", str(packages.lock))
    if _has_unwanted():
        _run_pip("uninstall", "--yes", "--quiet", _UNWANTED)
    if packages.with_project:
        _run_pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    for mark in packages.marks:
        mark.touch()
    print(
        f"Installed {packages.purpose} into {VENV} in {time.monotonic() - started:.0f} s; "
        "`make clean-all` removes it again."
    )


def require_possible(folder: Path) -> None:
    """Check what would fail later, with words that help nobody.

    Raises
    ------
    InstallationFailed : if no virtual environment can be made in the folder.
    """
    if os.pathsep in str(folder):
        raise InstallationFailed(
            f"the path of this folder, {folder}, holds a {os.pathsep!r}, with which no virtual "
            "environment can be made; move or rename it."
        )
    if not os.access(folder, os.W_OK):
        raise InstallationFailed(f"this folder, {folder}, cannot be written to; .venv lies in it.")
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise InstallationFailed(
            "there is no folder for temporary files that can be written to and has room; name one "
            "with TMPDIR=…."
        ) from error


def announcement(packages: PackageSet, free_bytes: int) -> str:
    """Return what is said before it starts.

    Raises
    ------
    InstallationFailed : if the disk has no room, so that nothing is begun.
    """
    needed_gb = packages.venv_gb - _installed_gb(packages)
    if free_bytes < needed_gb * 1e9:
        raise InstallationFailed(
            f"{packages.purpose} takes about {needed_gb:g} GB in {VENV}, and this disk has "
            f"{free_bytes / 1e9:.1f} GB left; free some, or move the folder to another disk."
        )
    size = f"about {packages.venv_gb:g} GB, of which {packages.download_gb:g} GB to download"
    if packages.venv_gb > 1 and sys.platform == "linux" and platform.machine() == "x86_64":
        size += ", most of it torch's CUDA"
    return f"Installing {packages.purpose} into {VENV}, once: {size} …"


def _installed_gb(packages: PackageSet) -> float:
    """Return how much of a set is there already, as far as the marks tell."""
    if packages.marks[-1].exists():
        return packages.venv_gb
    return SETS["serving"].venv_gb if SERVING_MARK.exists() else 0.0


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    asks = f"import sys, pip; sys.exit(sys.version_info < {LEAST_PYTHON})"
    done = subprocess.run([str(python), "-c", asks], capture_output=True, check=False)
    return done.returncode == 0


def _make_venv() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if made.returncode:
        lines = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
        raise InstallationFailed(
            f"{sys.executable} cannot make virtual environments ({lines[-1]}); on Debian and "
            "Ubuntu: apt install python3-venv."
        )


def _has_unwanted() -> bool:
    folders = VENV.glob(f"lib/python*/site-packages/{_UNWANTED.replace('-', '_')}-*.dist-info")
    return any(folders)


def _run_pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]
    # pip gives up where nobody reads its stdout.
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise InstallationFailed(
            "pip failed, for the reason above; the same command goes on where it stopped."
        )


if __name__ == "__main__":
    run_command(lambda: sys.exit(main(sys.argv[1:])))
