"""The archives of the trials: one tagger under two versions, and one that does not load."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.archive import MANIFEST

ManifestChange = Callable[[dict[str, Any]], None]


def write_version(source: Path, version: str, target: Path) -> Path:
    """Write an archive that differs from `source` in nothing but its version; return it."""

    def with_version(manifest: dict[str, Any]) -> None:
        manifest["model"]["modelVersion"] = version

    return _write(source, target, with_version)


def write_broken(source: Path, target: Path) -> Path:
    """Write an archive whose handler is missing, so that no worker can load it; return it."""

    def without_handler(manifest: dict[str, Any]) -> None:
        manifest["model"]["handler"] = "missing_handler.py"

    return _write(source, target, without_handler)


def _write(source: Path, target: Path, change: ManifestChange) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == MANIFEST:
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            new.writestr(entry, content)
    return target
