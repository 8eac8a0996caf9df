"""The archives of the trials: one tagger under two versions, and one that does not load."""

import json
from pathlib import Path

from chaos.variants import write_changed
from server.archive import MANIFEST


def write_version(source: Path, version: str, target: Path) -> Path:
    """Write an archive that differs from `source` in nothing but its version; return it."""
    return _write(source, target, {"modelVersion": version})


def write_broken(source: Path, target: Path) -> Path:
    """Write an archive whose handler is missing, so that no worker can load it; return it."""
    return _write(source, target, {"handler": "missing_handler.py"})


def _write(source: Path, target: Path, model: dict[str, str]) -> Path:
    def changed(content: bytes) -> bytes:
        manifest = json.loads(content)
        manifest["model"].update(model)
        return json.dumps(manifest).encode()

    return write_changed(source, target, {MANIFEST: changed})
