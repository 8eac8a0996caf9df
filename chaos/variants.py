"""Archives with a fault built in: the real thing but for some of its files."""

import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hangtag.errors import ArchiveInvalid

Change = Callable[[bytes], bytes]


def write_changed(archive: Path, target: Path, changes: Mapping[str, Change]) -> Path:
    """Write a copy of an archive in which some files are changed; return it.

    Parameters
    ----------
    changes : file in the archive -> its new content, from the old one

    Raises
    ------
    ArchiveInvalid : if the archive has no such file.
    """
    with zipfile.ZipFile(archive) as original, zipfile.ZipFile(target, "w") as changed:
        for missing in changes.keys() - set(original.namelist()):
            raise ArchiveInvalid(
                f"{archive} has no {missing}; pack it again with `hangtag archive`."
            )
        for entry in original.infolist():
            change = changes.get(entry.filename, bytes)
            changed.writestr(entry, change(original.read(entry)))
    return target


def write_variant(archive: Path, variant: Path, appended: Mapping[str, str]) -> None:
    """Write a copy of an archive in which some modules have more code at their end."""
    changes = {name: partial(_append, code=code) for name, code in appended.items()}
    write_changed(archive, variant, changes)


def _append(content: bytes, code: str) -> bytes:
    return content + code.encode()
