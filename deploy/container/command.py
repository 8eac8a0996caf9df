"""`hangtag image`: build the image, say what fills it."""

import subprocess
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.container.contents import measure_contents
from deploy.container.engine import PROJECT, find_engine
from hangtag.cli.console import one_sentence_errors
from hangtag.cli.wording import command
from hangtag.errors import ArchiveInvalid

_VERSION = version("hangtag")
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The container image.",
)


class Hardware(StrEnum):
    """What an image computes on."""

    CPU = "cpu"
    GPU = "gpu"


@app.command()
@one_sentence_errors
def build(
    engine: Annotated[Hardware, typer.Option(help="What the image computes on.")] = Hardware.CPU,
    archive: Annotated[
        Path | None,
        typer.Option(
            help="A .mar file under model_store/ to put into the image.  [default: none; it is "
            "mounted or fetched]"
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(help="Its name.  [default: hangtag:VERSION-cpu or -gpu]")
    ] = None,
    base_image: Annotated[
        str | None,
        typer.Option(help="A Debian with Python 3.11.  [default: what the Dockerfile says]"),
    ] = None,
) -> None:
    """Build the image, with Docker or Podman."""
    name = tag or f"hangtag:{_VERSION}-{engine.value}"
    arguments = {"ENGINE": engine.value, "VERSION": _VERSION, "REVISION": _revision()}
    if base_image is not None:
        arguments["BASE_IMAGE"] = base_image
    target = "service"
    if archive is not None:
        target = "with-archive"
        arguments["ARCHIVE"] = _in_context(archive)
    find_engine().build(name, target, arguments)
    print(f"Built {name}. What fills it: {command('image contents', tag=name)}")


@app.command()
@one_sentence_errors
def contents(
    tag: Annotated[str, typer.Option(help="The image's name.")] = f"hangtag:{_VERSION}-cpu",
) -> None:
    """Print what fills an image."""
    sizes_mb = measure_contents(find_engine(), tag)
    table = Table("part", "MB")
    table.columns[1].justify = "right"
    for part, size_mb in sizes_mb.items():
        table.add_row(part, f"{size_mb:.0f}")
    Console(highlight=False).print(table)
    print(f"{tag} holds {sum(sizes_mb.values()):.0f} MB of files.")


def _in_context(archive: Path) -> str:
    """Return the path as the Dockerfile sees it: .dockerignore lets only model_store/ through."""
    path = archive.resolve()
    if path.parent != PROJECT / "model_store" or path.suffix != ".mar" or not path.is_file():
        raise ArchiveInvalid(
            f"{archive} is no .mar file in model_store/; an image takes its archive from there."
        )
    return str(path.relative_to(PROJECT))


def _revision() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.stdout.strip() or "unknown"
