"""`hangtag bench model`: the archive that the benchmark measures, and anybody else may load."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.photos import render_photos
from hangtag.bundle import MANIFEST
from hangtag.cli.console import one_sentence_errors
from loadtest.served import ARCHIVE
from server.packaging import make_archive

PROJECT = Path(__file__).resolve().parents[1]
# Not in a folder named `bundle`: `make archive` packs the newest one of those.
BUNDLE = Path("runs/bench-resnet152")
VERSION = "1.0"
_RECORD = "made_from.json"
# What decides the bundle's bytes, and what else decides the archive's.
_BUNDLE_CODE = (
    "bench/resnet152.py",
    "bench/random_bundle.py",
    "training/**/*.py",
    "hangtag/**/*.py",
)
_ARCHIVE_CODE = (
    "handlers/**/*.py",
    "serve_config/*.yaml",
    "server/packaging.py",
    "server/replay.py",
)
_RENDERED_PRODUCTS = 48

Announce = Callable[[str], None]


@one_sentence_errors
def model(
    archive: Annotated[Path, typer.Option(help="The .mar file to write.")] = ARCHIVE,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make it anew in any case.")] = False,
) -> None:
    """Make a ResNet152 at 224 px with random weights and the demo's labels, packed to be served."""
    with Console(stderr=True).status("Looking at what is there …") as status:
        made = make_model(BUNDLE, archive, fresh, lambda step: status.update(f"{step} …"))
    size_mb = archive.stat().st_size / 1e6
    begin = "Made" if made else "Up to date:"
    print(f"{begin} {archive} ({size_mb:.1f} MB), a random ResNet152 with its bundle in {BUNDLE}.")


def make_model(bundle: Path, archive: Path, fresh: bool, announce: Announce) -> bool:
    """Make bundle and archive, or what of them is missing or was made by other code.

    Returns
    -------
    whether anything had to be made
    """
    bundle_code = code_digest(_BUNDLE_CODE)
    archive_code = code_digest(_BUNDLE_CODE + _ARCHIVE_CODE)
    packed_as = str(archive.resolve())
    record = {} if fresh else _read_record(bundle)
    if record.get("bundle") != bundle_code:
        _write_bundle(bundle, announce)
        record = {"bundle": bundle_code}
        _write_record(bundle, record)
    if archive.exists() and record.get(packed_as) == archive_code:
        return False
    announce(f"Packing {archive} and replaying its golden photos")
    make_archive(bundle, archive, VERSION)
    _write_record(bundle, {**record, packed_as: archive_code})
    return True


def code_digest(patterns: Iterable[str], project: Path = PROJECT) -> str:
    """sha256 over the names and contents of the project's files that fit one of the patterns."""
    digest = hashlib.sha256()
    files = {file for pattern in patterns for file in project.glob(pattern) if file.is_file()}
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(project)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _write_bundle(folder: Path, announce: Announce) -> None:
    # Imported late: torch takes seconds, and --help should not.
    from bench.random_bundle import write_random_bundle

    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as rendered:
        announce("Rendering demo photos")
        photos = render_photos(Path(rendered, "demo"), _RENDERED_PRODUCTS)
        announce(f"Writing the bundle of a random ResNet152 into {folder}")
        write_random_bundle(folder, photos)


def _read_record(bundle: Path) -> dict[str, str]:
    if not (bundle / MANIFEST).exists():
        return {}
    try:
        record: dict[str, str] = json.loads((bundle / _RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return record


def _write_record(bundle: Path, record: dict[str, str]) -> None:
    (bundle / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
