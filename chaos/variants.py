"""Archives with a fault built in: the real thing but for a few lines at the end of some modules."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from hangtag.errors import ArchiveInvalid


def write_variant(archive: Path, variant: Path, appended: Mapping[str, str]) -> None:
    """Write a copy of an archive in which some modules have more code.

    Parameters
    ----------
    appended : file in the archive -> code that follows what is there

    Raises
    ------
    ArchiveInvalid : if the archive has no such file.
    """
    with zipfile.ZipFile(archive) as original, zipfile.ZipFile(variant, "w") as changed:
        for missing in appended.keys() - set(original.namelist()):
            raise ArchiveInvalid(
                f"{archive} has no {missing}; pack it again with `hangtag archive`."
            )
        for name in original.namelist():
            changed.writestr(name, original.read(name) + appended.get(name, "").encode())
