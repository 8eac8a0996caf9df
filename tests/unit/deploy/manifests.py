"""Manifests for the tests: sound ones, and the same with one thing changed."""

from pathlib import Path
from typing import Any

import yaml

from deploy.check.manifests import Manifest, named

SOUND = Path(__file__).parent / "sound.yaml"


def sound_manifests() -> list[Manifest]:
    # Through YAML, so that nothing is shared: not between calls, and not by anchors.
    return [_unshared(each) for each in yaml.safe_load_all(SOUND.read_text(encoding="utf-8"))]


def changed(title: str, path: str, value: Any) -> list[Manifest]:
    """The sound manifests with one value set, or taken out where it is None; the steps of `path`
    have spaces between them, since names have dots."""
    manifests = sound_manifests()
    kind, name = title.split("/")
    manifest: Any = named(manifests, kind, name)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split(" "))
    for step in steps:
        manifest = manifest[step]
    if value is None:
        del manifest[last]
    else:
        manifest[last] = value
    return manifests


def without(title: str) -> list[Manifest]:
    """The sound manifests but one."""
    kind, name = title.split("/")
    manifests = sound_manifests()
    gone = named(manifests, kind, name)
    return [each for each in manifests if each is not gone]


def _unshared(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unshared(each) for key, each in value.items()}
    return [_unshared(each) for each in value] if isinstance(value, list) else value
