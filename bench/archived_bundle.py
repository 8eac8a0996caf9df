"""The bundle that an archive was made of: only there are the weights for torch."""

import zipfile
from pathlib import Path

from hangtag.bundle import MANIFEST, Bundle, load_bundle
from hangtag.errors import ArchiveInvalid
from server.archive import open_archive

_RUNS = Path("runs")


def find_bundle(archive: Path, folder: Path | None, runs: Path = _RUNS) -> Bundle:
    """Return the bundle `folder`, or the one under `runs` that the archive holds a copy of.

    Raises
    ------
    ArchiveInvalid : if the archive is none, or holds another bundle.
    BundleInvalid : if the bundle is not whole.
    """
    manifest = _archived_manifest(open_archive(archive).path)
    candidates = [folder / MANIFEST] if folder else _written_manifests(runs)
    for candidate in candidates:
        if candidate.is_file() and candidate.read_bytes() == manifest:
            return load_bundle(candidate.parent)
    raise ArchiveInvalid(
        f"The bundle that {archive} was made of is not {folder or f'under {runs}/'}; "
        "the benchmark needs its weights.pth. `hangtag bench model` makes both."
    )


def _written_manifests(runs: Path) -> list[Path]:
    return [*runs.glob(f"*/{MANIFEST}"), *runs.glob(f"*/bundle/{MANIFEST}")]


def _archived_manifest(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as files:
        try:
            return files.read(f"bundle/{MANIFEST}")
        except KeyError as error:
            raise ArchiveInvalid(f"{archive} holds no bundle.") from error
