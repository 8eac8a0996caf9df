"""The archive that is to be served, checked before anything is started."""

import json
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hangtag.bundle import GOLDEN_FOLDER, LABELS, digest_of_manifest
from hangtag.bundle import MANIFEST as BUNDLE_MANIFEST
from hangtag.errors import ArchiveInvalid
from hangtag.settings import MODEL_CONFIG

MANIFEST = "MAR-INF/MANIFEST.json"
_PROJECT = Path(__file__).resolve().parents[1]
_BUNDLE = "bundle"
_DESCRIPTION = (f"{_BUNDLE}/{BUNDLE_MANIFEST}", f"{_BUNDLE}/{LABELS}")
# A module that came with handlers which take bodies whole.
_READS_WHOLE_BODIES = "hangtag/handover.py"
_REMEDY = "`hangtag serve` without one packs the demo's, `hangtag archive` packs your own."


@dataclass(frozen=True)
class Archive:
    """A `.mar` file that TorchServe can open."""

    path: Path
    size_bytes: int
    model_version: str
    # Whether a module that it brings is another here; where there is none here, nobody knows.
    has_other_code: bool
    # Whether its handler takes bodies as they came; those of older releases want forms in parts.
    takes_bodies_whole: bool = False
    # Of the bundle that it holds; empty without one.
    bundle_digest: str = ""
    backbone: str = ""


def open_archive(path: Path) -> Archive:
    """Return what the archive says of itself.

    Raises
    ------
    ArchiveInvalid : if there is no such file, it is no archive, or it lacks its manifest.
    """
    if not path.is_file():
        raise ArchiveInvalid(_missing(path))
    try:
        with zipfile.ZipFile(path) as files:
            manifest = json.loads(files.read(MANIFEST))
            other_code = any(_differs(files, name) for name in files.namelist())
            bundle_digest, backbone = _bundle_of(files)
            takes_bodies_whole = _READS_WHOLE_BODIES in files.namelist()
        version = str(manifest["model"]["modelVersion"])
    except zipfile.BadZipFile as error:
        raise ArchiveInvalid(f"{path} is not an archive ({error}); {_REMEDY}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveInvalid(f"{path} has no {MANIFEST} to go by; {_REMEDY}") from error
    size_bytes = path.stat().st_size
    return Archive(
        path.resolve(),
        size_bytes,
        version,
        other_code,
        takes_bodies_whole,
        bundle_digest,
        backbone,
    )


def lay_out_bundle(archive: Path, folder: Path, *, whole: bool) -> Path | None:
    """Lay the bundle of an archive into a folder; return where it is, None if there is none.

    Parameters
    ----------
    whole : else its manifest and its labels alone, which say what it is

    Raises
    ------
    ArchiveInvalid : if the archive is cut short.
    """
    try:
        with zipfile.ZipFile(archive) as contents:
            held = [name for name in contents.namelist() if name.startswith(f"{_BUNDLE}/")]
            wanted = [name for name in held if whole or name in _DESCRIPTION]
            contents.extractall(folder, wanted)
            if whole and MODEL_CONFIG in contents.namelist():
                contents.extract(MODEL_CONFIG, folder)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ArchiveInvalid(f"{archive} is not whole ({error}); {_REMEDY}") from error
    return folder / _BUNDLE if held else None


def _bundle_of(files: zipfile.ZipFile) -> tuple[str, str]:
    """Return the digest and the backbone of the bundle in an archive."""
    name = f"bundle/{BUNDLE_MANIFEST}"
    if name not in files.namelist():
        return "", ""
    text = files.read(name)
    return digest_of_manifest(text), str(json.loads(text).get("backbone", ""))


def _differs(files: zipfile.ZipFile, name: str) -> bool:
    # TorchServe wants the handler itself in the archive's top folder.
    here = _PROJECT / (name if "/" in name else f"handlers/{name}")
    return name.endswith(".py") and here.is_file() and here.read_bytes() != files.read(name)


def extract_sample_photo(archive: Path, folder: Path) -> Path | None:
    """Lay a golden photo of an archive into a folder, as sample.jpg.

    None if it has none, or there is no space for it: nobody need wait for a call to paste.
    """
    with zipfile.ZipFile(archive) as contents:
        photos = [name for name in contents.namelist() if f"/{GOLDEN_FOLDER}/" in name]
        if not photos:
            return None
        sample = folder / f"sample{Path(min(photos)).suffix}"
        try:
            sample.write_bytes(contents.read(min(photos)))
        except OSError:
            with suppress(OSError):
                sample.unlink()
            return None
    return sample


def _missing(path: Path) -> str:
    present = sorted(each.name for each in path.parent.glob("*.mar"))
    folder = path.parent.resolve()
    holds = f"holds {', '.join(present)}" if present else "holds no archive"
    if not present and (packed := sorted(map(str, Path("model_store").glob("*.mar")))):
        holds += f", there is {', '.join(packed)}"
    return f"There is no archive {path}: {folder} {holds}; {_REMEDY}"
