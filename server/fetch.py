"""`hangtag fetch`: an archive from where it is kept, checked by its sha256."""

import errno
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import fsspec
import typer
from fsspec.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from hangtag.cli.console import one_sentence_errors
from hangtag.errors import ArchiveInvalid, SettingsInvalid
from server.archive import open_archive

_SHA256 = re.compile(r"[0-9a-f]{64}")
# Of one step, not of the whole: a large archive may take its time.
_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S = 30, 60
_READ_BYTES = 1 << 20


@one_sentence_errors
def fetch(
    source: Annotated[str, typer.Option(help="A path, or an address with https:// or s3://.")],
    sha256: Annotated[str, typer.Option(help="What `sha256sum` says of the right archive.")],
    to: Annotated[Path, typer.Option(help="The .mar file to write.")] = Path(
        "model_store/tagger.mar"
    ),
) -> None:
    """Fetch an archive, and put it in place only if it has the sha256 that is given."""
    wanted = sha256.strip().lower()
    if not _SHA256.fullmatch(wanted):
        raise SettingsInvalid(f"--sha256 {sha256!r} is no sha256; give its 64 hexadecimal digits.")
    if to.is_file() and _sha256_of(to) == wanted:
        print(f"{to} is already the archive that is asked for.")
        return
    archive = fetch_archive(source, wanted, to)
    size_mb = archive.stat().st_size / 1e6
    print(f"Fetched {without_secrets(source)} as {archive} ({size_mb:.1f} MB, sha256 as given).")


def fetch_archive(source: str, sha256: str, to: Path) -> Path:
    """Copy an archive to `to`; what lies there stays until the new one is complete and right.

    Raises
    ------
    ArchiveInvalid : if the source cannot be read, has another sha256, or is no archive.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    # On the same disk, so that the last step is a rename.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=to.parent) as folder:
        fetched = Path(folder) / to.name
        _copy(source, fetched)
        found = _sha256_of(fetched)
        if found != sha256:
            raise ArchiveInvalid(
                f"{without_secrets(source)} has the sha256 {found} and not {sha256}; give the one "
                f"that belongs to it, or the archive that belongs to that. {to} is as it was."
            )
        open_archive(fetched)
        _flush(fetched)
        fetched.replace(to)
    return to


def without_secrets(source: str) -> str:
    """Return a source as it may be printed and logged: without a password or a signed query.

    >>> without_secrets("https://me:word@host/tagger.mar?X-Amz-Signature=abc")
    'https://host/tagger.mar'
    """
    parts = urlsplit(source)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def _copy(source: str, target: Path) -> None:
    try:
        files, path = fsspec.url_to_fs(source, **_options(source))
        with _progress() as progress:
            files.get_file(path, str(target), callback=_bar(progress))
    except _errors_of_reading() as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        raise ArchiveInvalid(
            f"{without_secrets(source)} cannot be read ({_reason(error)}); check the address, "
            "and that this machine may read it."
        ) from error


def _options(source: str) -> dict[str, Any]:
    if urlsplit(source).scheme not in ("http", "https"):
        return {}
    import aiohttp

    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=_CONNECT_TIMEOUT_S, sock_read=_READ_TIMEOUT_S
    )
    # trust_env: by way of http_proxy and https_proxy, as everybody else.
    return {"client_kwargs": {"timeout": timeout, "trust_env": True}}


def _errors_of_reading() -> tuple[type[Exception], ...]:
    """What fsspec raises, and what the clients of some protocols raise beside, if they are used."""
    clients = (("aiohttp", "ClientError"), ("botocore.exceptions", "BotoCoreError"))
    used = (getattr(sys.modules[name], error) for name, error in clients if name in sys.modules)
    return (OSError, ValueError, ImportError, *used)


def _reason(error: BaseException) -> str:
    # Not the error's own words, which may repeat the address with its secrets.
    status = getattr(error, "status", None)
    said = getattr(error, "strerror", None) or (f"status {status}" if status else "")
    if isinstance(error, ImportError):
        said = str(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("Fetching"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _bar(progress: Progress) -> Callback:
    task = progress.add_task("fetch", total=None)
    return Callback(
        hooks={"bar": lambda size, value, **_: progress.update(task, total=size, completed=value)}
    )


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
