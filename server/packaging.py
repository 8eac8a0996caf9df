"""`hangtag archive`: a bundle -> one self-contained .mar, checked by running it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hangtag.bundle import MANIFEST, Bundle, load_bundle
from hangtag.cli.console import one_sentence_errors
from hangtag.cli.wording import command
from hangtag.errors import ArchiveInvalid, BundleInvalid
from hangtag.files.full_disk import writing_into
from hangtag.settings import MODEL_CONFIG, read_settings
from server.environment import UTF_8
from server.speed import Speed, remember_speed
from server.torchserve import WORKER_PATH

_PROJECT = Path(__file__).parent.parent
_HANDLER = _PROJECT / "handlers" / "tagger_handler.py"
_PACKAGES = ("hangtag", "handlers")
# Always served under this name; the file's own name may have spaces, a model's may not.
_MODEL_NAME = "tagger"
_MODEL_CONFIG = _PROJECT / "serve_config" / MODEL_CONFIG

# Not by way of PYTHONPATH, which is split at each `:`, and folders are named as people please.
_REPLAY = (
    "import runpy, sys; sys.path[:0] = sys.argv[2:]; "
    "runpy.run_module('server.replay', run_name='__main__')"
)


@one_sentence_errors
def archive(
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle folder.  [default: the newest under runs/]")
    ] = None,
    archive: Annotated[Path, typer.Option(help="The .mar file to write.")] = Path(
        "model_store/tagger.mar"
    ),
    version: Annotated[str, typer.Option(help="Model version that answers will carry.")] = "1.0",
) -> None:
    """Pack a bundle into a .mar, and check it by replaying its golden photos."""
    folder = bundle or newest_bundle(Path("runs"))
    with Console(stderr=True).status(f"Packing {folder} and replaying its golden photos …"):
        replayed = make_archive(folder, archive, version)
    size_mb = archive.stat().st_size / 1e6
    print(
        f"Packed {folder} as {archive} ({size_mb:.1f} MB, version {version}); its handler gives "
        f"{replayed['golden']} golden photos the scores of training, largest difference "
        f"{replayed['largest_difference']:.1g} in fp32; here it runs in {replayed['precision']} "
        f"({replayed['served_difference']:.1g})."
    )
    print(f"Next: {command('serve', archive=archive)}")


def newest_bundle(runs: Path) -> Path:
    """Return the bundle that was finished last.

    Raises
    ------
    BundleInvalid : if there is none yet.
    """
    manifests = sorted(runs.glob(f"*/bundle/{MANIFEST}"), key=lambda path: path.stat().st_mtime)
    if not manifests:
        raise BundleInvalid(
            f"There is no bundle under {runs}/ yet; make one with `hangtag train data=folder`, "
            "or name it with bundle=folder."
        )
    return manifests[-1].parent


def make_archive(bundle_folder: Path, archive: Path, version: str) -> dict[str, Any]:
    """Pack a bundle, replay its golden photos through the packed handler, put it in place.

    The archive appears under its name only when the replay has passed; an older one of that
    name stays until then.

    Returns
    -------
    what the replay measured: `golden` photos, `largest_difference` of a score in fp32, the
    `precision` that it is served in here, the `served_difference` in that, and its `speed`

    Raises
    ------
    BundleInvalid : if the bundle is not whole.
    ArchiveInvalid : if packing fails, or the packed handler answers differently.
    """
    if archive.suffix != ".mar":
        raise ArchiveInvalid(f"archive={archive} must end in .mar.")
    bundle = load_bundle(bundle_folder)
    read_settings(_MODEL_CONFIG)
    archive.parent.mkdir(parents=True, exist_ok=True)
    # On the archive's own disk, so that the last step is a rename.
    with (
        writing_into(archive.parent),
        tempfile.TemporaryDirectory(prefix=".archive-", dir=archive.parent.resolve()) as work,
    ):
        packed = _pack(bundle, Path(work), version)
        replayed = _replay(packed, Path(work) / "unpacked")
        packed.replace(archive)
    remember_speed(Speed.model_validate(replayed["speed"]))
    return replayed


def _pack(bundle: Bundle, work: Path, version: str) -> Path:
    staged = work / "staged"
    for package in _PACKAGES:
        shutil.copytree(
            _PROJECT / package, staged / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    # TorchServe imports the handler from the archive's top folder.
    (staged / "handlers" / _HANDLER.name).unlink()
    for file in bundle.archived_files:
        target = staged / "bundle" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(bundle.folder / file, target)
    # The archiver collects its files in the temporary folder, under the model's name.
    (work / "tmp").mkdir()
    _run_python(
        [
            *("-m", "model_archiver.model_packaging"),
            *("--model-name", _MODEL_NAME, "--version", version),
            *("--handler", str(_HANDLER), "--config-file", str(_MODEL_CONFIG)),
            # Relative: the archiver splits what it is to add at each comma.
            *("--extra-files", staged.name, "--export-path", str(work)),
            # Weights hardly compress; storing them is ten times faster, also to unpack.
            *("--archive-format", "zip-store"),
        ],
        cwd=work,
        environment={"TMPDIR": str(work / "tmp")},
    )
    return work / f"{_MODEL_NAME}.mar"


def _replay(packed: Path, unpacked: Path) -> dict[str, Any]:
    with zipfile.ZipFile(packed) as contents:
        contents.extractall(unpacked)
    search_path = [str(WORKER_PATH), str(unpacked), str(_PROJECT)]
    output = _run_python(["-c", _REPLAY, str(unpacked), *search_path], cwd=unpacked, environment={})
    replayed: dict[str, Any] = json.loads(output.splitlines()[-1])
    return replayed


def _run_python(arguments: list[str], cwd: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **UTF_8, **environment},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise ArchiveInvalid(f"Packing failed: {lines[-1]}")
    return done.stdout
