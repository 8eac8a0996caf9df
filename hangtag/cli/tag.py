"""`hangtag tag`: products in, a table of their tags out."""

from __future__ import annotations

import signal
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hangtag.cli.console import INTERRUPTED, expand_home, one_sentence_errors
from hangtag.errors import (
    ArchiveInvalid,
    DataInvalid,
    HangtagError,
    ServerUnavailable,
    SettingsInvalid,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from hangtag.bulk import Answering, Listing

_CLIENTS = 8
# Of an archive, the folder that holds the bundle.
_BUNDLE = "bundle/"
# Those of the settings are a worker's, which has others beside it.
_ALL_CORES = {"inference_threads": 0, "decode_threads": 0}


@one_sentence_errors
def tag(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|CSV|PARQUET",
            help="A folder: each photo is a product, and each folder in it one of several photos. "
            "A table: columns image (photos joined by `;`), product_id, title, description.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The table to write: .parquet, .csv or .jsonl.")],
    bundle: Annotated[Path | None, typer.Option(help="Tag with this bundle folder.")] = None,
    archive: Annotated[Path | None, typer.Option(help="Tag with the bundle in this .mar.")] = None,
    url: Annotated[str | None, typer.Option(help="Ask the server there.")] = None,
    key: Annotated[
        str | None, typer.Option(envvar="HANGTAG_API_KEY", help="For --url: its API key.")
    ] = None,
    clients: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="For --url: products at the same time; default 8."),
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace a table that is there already.")] = False,
) -> None:
    """Tag many products: one row each, also for those that cannot be tagged."""
    _require_one_way(bundle, archive, url, clients)
    # Imported late: these take a second, and --help should not.
    from hangtag.bulk import list_products, require_source, require_writable

    if not source:
        raise SettingsInvalid("The folder's name is empty: a variable of the shell is not set.")
    products, out = expand_home(Path(source)), expand_home(out)
    require_source(products)
    require_writable(out, products)
    if out.exists() and not replace:
        raise SettingsInvalid(f"{out} is there already; name another file, or say --replace.")
    clients = clients or _CLIENTS
    with _answering(bundle, archive, url, key, clients) as answering:
        with _console().status("Looking for photos"):
            listing = list_products(products)
        for remark in listing.remarks:
            _say(remark)
        _tag_all(listing, answering, out, most_lost=2 * clients)


def _require_one_way(
    bundle: Path | None, archive: Path | None, url: str | None, clients: int | None
) -> None:
    ways = {"--bundle": bundle, "--archive": archive, "--url": url}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        both = f"; given are {' and '.join(given)}" if given else ""
        raise SettingsInvalid(
            "Say what tags, one of: --bundle FOLDER, --archive FILE.mar, --url http://host:8080"
            f"{both}."
        )
    if bundle is not None and bundle.is_file():
        raise SettingsInvalid(f"{bundle} is a file; an archive is given with --archive.")
    if archive is not None and archive.is_dir():
        raise SettingsInvalid(f"{archive} is a folder; a bundle is given with --bundle.")
    if clients is not None and url is None:
        raise SettingsInvalid("--clients belongs to --url.")


@contextmanager
def _answering(
    bundle: Path | None, archive: Path | None, url: str | None, key: str | None, clients: int
) -> Iterator[Answering]:
    from hangtag.bulk import answer_by_server, answer_here
    from hangtag.client import TaggerClient
    from hangtag.settings import MODEL_CONFIG, read_settings
    from hangtag.tagger import Tagger

    if url is not None:
        client = TaggerClient(url, key=key)
        client.require()
        yield partial(answer_by_server, client, clients)
    elif archive is not None:
        with _unpacked(expand_home(archive)) as folder:
            settings = read_settings(folder / MODEL_CONFIG).model_copy(update=_ALL_CORES)
            yield partial(answer_here, Tagger.load(folder / _BUNDLE, settings=settings))
    elif bundle is not None:
        yield partial(answer_here, Tagger.load(expand_home(bundle)))


@contextmanager
def _unpacked(archive: Path) -> Iterator[Path]:
    """Yield a temporary folder with the bundle and the settings of an archive."""
    from hangtag.settings import MODEL_CONFIG

    if not archive.is_file():
        raise ArchiveInvalid(f"There is no archive {archive}.")
    with tempfile.TemporaryDirectory(prefix="hangtag-tag-") as folder:
        try:
            with zipfile.ZipFile(archive) as files:
                names = [
                    name for name in files.namelist() if name.startswith((_BUNDLE, MODEL_CONFIG))
                ]
                files.extractall(folder, names)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ArchiveInvalid(f"{archive} is not an archive ({error}).") from error
        if not Path(folder, _BUNDLE).is_dir():
            raise ArchiveInvalid(f"{archive} holds no bundle.")
        yield Path(folder)


def _tag_all(listing: Listing, answering: Answering, out: Path, most_lost: int) -> None:
    """Write a row for each product.

    most_lost : after as many products in a row that nothing answered, the server is taken for gone
    """
    from hangtag.bulk import row_of, writing_rows

    started, products = time.monotonic(), listing.products
    failures: Counter[str] = Counter()
    done = lost = 0
    broken: HangtagError | None = None
    # As by Ctrl-C, what is done is kept where it is evicted or its terminal is closed.
    for stopping in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stopping, signal.default_int_handler)
    with writing_rows(out) as write, _progress() as progress:
        task = progress.add_task("Tagging", total=len(products))
        try:
            for product, outcome in zip(products, answering(products), strict=True):
                row = row_of(product, outcome)
                write(row)
                done += 1
                failures.update([row.error_code] if row.error_code else [])
                progress.advance(task)
                lost = lost + 1 if row.error_code == "server_unavailable" else 0
                if lost == most_lost:
                    broken = ServerUnavailable(
                        f"The server has gone: the last {lost:,} products had no answer."
                    )
                    break
        except DataInvalid as error:
            broken = error
        except KeyboardInterrupt:
            # What is done is kept: it may have been hours.
            progress.stop()
    _report(listing, done, failures, time.monotonic() - started, out)
    if broken is not None and done < len(products):
        raise type(broken)(f"{broken} {len(products) - done:,} more are not in the table.")
    if done < len(products):
        print(f"Interrupted: {len(products) - done:,} products are not in it.")
        raise typer.Exit(INTERRUPTED)
    if failures.total() == len(products):
        raise typer.Exit(1)


def _report(listing: Listing, done: int, failures: Counter[str], seconds: float, out: Path) -> None:
    failed = failures.total()
    reasons = ", ".join(f"{count:,} {code}" for code, count in failures.most_common())
    left_out = f"; files that are no photos: {listing.left_out:,}" if listing.left_out else ""
    total = len(listing.products)
    print(
        f"Tagged {done - failed:,} of {total:,} products in {seconds:.1f} s; failed: {failed:,}"
        f"{f' ({reasons})' if failed else ''}{left_out}. The table is {out}."
    )


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _say(sentence: str) -> None:
    _console().print(sentence, markup=False, highlight=False, soft_wrap=True)


def _progress() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:.1f} products/s")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=_console(),
        transient=True,
    )
