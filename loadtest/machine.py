"""The machine and the versions that a report was made with."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import psutil
from pydantic import BaseModel

from hangtag.hardware import read_cpu

_PROJECT = Path(__file__).resolve().parents[1]
_LIBRARIES = ("torchserve", "torch", "torchvision", "openvino", "onnxruntime", "numpy", "pillow")


class Machine(BaseModel, extra="forbid", frozen=True):
    """Where it was measured; figures of different machines say nothing about each other."""

    cpu: str
    cores: int
    flags: tuple[str, ...]
    memory_bytes: int
    system: str
    versions: dict[str, str]


def describe_machine() -> Machine:
    """Return what decides how fast a network runs here."""
    cpu = read_cpu()
    return Machine(
        cpu=cpu.name,
        cores=cpu.cores,
        flags=cpu.engine_flags,
        memory_bytes=psutil.virtual_memory().total,
        system=_system(),
        versions={"python": platform.python_version(), **_versions()},
    )


def current_commit() -> str | None:
    """The project's git commit, with `+changes` if the work tree has any; None outside git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+changes"],  # noqa: S607
            cwd=_PROJECT,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:  # not on Linux
        name = ""
    return f"{name or platform.system()}, {platform.system()} {platform.release()}"


def _versions() -> dict[str, str]:
    installed = {each.name.lower(): each.version for each in importlib.metadata.distributions()}
    return {name: installed[name] for name in _LIBRARIES if name in installed}
