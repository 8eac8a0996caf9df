"""`hangtag serve`: one archive on this machine, until Ctrl-C."""

import mimetypes
import shlex
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hangtag.cli.console import one_sentence_errors
from hangtag.cli.wording import in_operators_words
from hangtag.errors import ServerUnavailable
from hangtag.hardware import describe_plain_processor, read_cpu
from server.archive import Archive, extract_sample_photo, open_archive
from server.log_stream import LogStream
from server.packaging import make_archive
from server.plan import count_gpus
from server.ports import DEFAULT_PORT, HOST, Ports, url
from server.readiness import wait_until_ready
from server.signals import StopSignals
from server.speed import Speed
from server.tagger_server import BackendName, TaggerServer
from server.torchserve import MODEL_NAME

LOOK_INTERVAL_S = 0.2
_ARCHIVE = Path("model_store/tagger.mar")
# What is packed where no archive is named, and none is there.
_DEMO_BUNDLE = Path(__file__).parents[1] / "model_store" / "demo"
_OTHER_CODE = "the code in this archive is not that of this release; pack its bundle anew"


@one_sentence_errors
def serve(
    archive: Annotated[
        Path | None,
        typer.Option(
            envvar="HANGTAG_ARCHIVE",
            help="The .mar file to serve.  [default: model_store/tagger.mar, or the demo's]",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            envvar="HANGTAG_HOST",
            help="IPv4 address of the API and the metrics; management stays on 127.0.0.1.",
        ),
    ] = HOST,
    port: Annotated[
        int,
        typer.Option(
            envvar="HANGTAG_PORT", help="Port of the API; management and metrics take the next two."
        ),
    ] = DEFAULT_PORT,
    sample: Annotated[
        Path | None,
        typer.Option(
            envvar="HANGTAG_SAMPLE",
            help="A photo for the call that is printed.  [default: one out of the archive]",
        ),
    ] = None,
    logs: Annotated[
        Path | None,
        typer.Option(
            envvar="HANGTAG_LOGS", help="Folder of the log files; logs/PORT if not given."
        ),
    ] = None,
    print_logs: Annotated[
        bool, typer.Option(envvar="HANGTAG_PRINT_LOGS", help="Print what is logged, too.")
    ] = False,
    backend: Annotated[
        BackendName,
        typer.Option(
            envvar="HANGTAG_BACKEND",
            help="torchserve, or local: workers of its own, without Java.",
        ),
    ] = "torchserve",
    grace_s: Annotated[
        float,
        typer.Option(
            envvar="HANGTAG_GRACE_S",
            min=0,
            help="Seconds after SIGTERM in which /ping says 503 and requests are still taken, so "
            "that a balancer notices. A second signal ends them; Ctrl-C has none.",
        ),
    ] = 0.0,
) -> None:
    """Serve an archive on this machine, until Ctrl-C."""
    # Servers on different ports must not write into, or read, each other's logs.
    folder = logs or Path("logs", str(port))
    ports = Ports(port, host)
    # What is logged has stdout for itself: whoever collects it expects nothing but JSON.
    console = Console(highlight=False, stderr=print_logs)
    speed = None
    path = archive or _ARCHIVE
    if archive is None and not path.exists():
        ports.require_free()
        speed = _pack(_DEMO_BUNDLE, path, console)
    server = TaggerServer(open_archive(path), ports, folder, speed=speed, backend=backend)
    with StopSignals() as signals, LogStream(folder, print_logs), server:
        try:
            # Requests come from the first worker on that has loaded the model, before all have.
            with console.status(f"Loading {server.archive.path.name} …"):
                workers = wait_until_ready(server, sleep=signals.sleep)
            photo = sample or extract_sample_photo(path, server.logs.folder)
            _print_ready(console, server, workers, photo)
            _serve_until_death(server, signals)
        except KeyboardInterrupt:
            _drain(console, server, signals, grace_s)
    console.print("Stopped.")


def _pack(bundle: Path, archive: Path, console: Console) -> Speed:
    """Return what was measured: the workers must know it even where nothing can be kept."""
    here = Path.cwd()
    shown = bundle.relative_to(here) if bundle.is_relative_to(here) else bundle
    console.print(f"There is no {archive} yet: packing {shown}.")
    with console.status("Packing, and replaying its golden photos …"):
        return Speed.model_validate(make_archive(bundle, archive, version="1.0")["speed"])


def _drain(console: Console, server: TaggerServer, signals: StopSignals, grace_s: float) -> None:
    # Who presses Ctrl-C, or closes the terminal, has no balancer that must notice.
    supervised = signals.last == signal.SIGTERM
    # Only to who looks: a reader that stands still would hold up what is under way.
    if signals.last == signal.SIGINT:
        console.print("Stopping …")
    # Who sends a second signal does not want to wait: the rest is done at the end of the block.
    with suppress(KeyboardInterrupt):
        server.drain(grace_s if supervised else 0.0, signals.sleep)


def _serve_until_death(server: TaggerServer, signals: StopSignals) -> None:
    while server.exit_code is None:
        signals.sleep(LOOK_INTERVAL_S)
    # The next start empties what was printed.
    words = server.logs.last_words() or "none"
    raise ServerUnavailable(
        f"The server ended by itself with code {server.exit_code}; its last words: "
        f"{words.rstrip('.')}. Logs: {server.logs.folder}"
    )


def _print_ready(console: Console, server: TaggerServer, workers: int, sample: Path | None) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in facts(server, workers):
        table.add_row(name, value)
    console.print(table)
    console.print("\nTry it:")
    # Unwrapped and without markup: it is there to be pasted.
    console.print(sample_call(server.ports, sample), soft_wrap=True, markup=False)
    console.print("\nCtrl-C stops it.")


def facts(server: TaggerServer, workers: int) -> list[tuple[str, str]]:
    """Return what is printed of a server that is ready: names and values."""
    ports = server.ports
    other_code = [("Note", _OTHER_CODE)] if server.archive.has_other_code else []
    return [
        ("Serving", _describe(server.archive)),
        *other_code,
        ("Workers", str(workers)),
        *_speed(server.archive, server.speed),
        ("API", f"{url(ports.inference, ports.host)}/predictions/{MODEL_NAME}"),
        *_management(server),
        ("Metrics", f"{url(ports.metrics, ports.host)}/metrics"),
        ("Logs", str(server.logs.folder)),
    ]


def _management(server: TaggerServer) -> list[tuple[str, str]]:
    if server.backend != "torchserve":
        return []
    return [("Management", f"{url(server.ports.management)}/models/{MODEL_NAME}")]


def _speed(archive: Archive, speed: Speed | None) -> list[tuple[str, str]]:
    known = (
        f"about {speed.served:.0f} photos/s in {speed.precision}, measured when it was packed here"
        if speed
        else ""
    )
    means = in_operators_words(describe_plain_processor(read_cpu(), archive.backbone))
    sentence = "; ".join(part for part in (known, means) if part)
    # What was measured is the processor's.
    return [("Speed", sentence)] if sentence and not count_gpus() else []


def _describe(archive: Archive) -> str:
    size_mb = archive.size_bytes / 1e6
    return f"{archive.path.name}, {size_mb:.1f} MB, version {archive.model_version}"


def sample_call(ports: Ports, sample: Path | None) -> str:
    """Return a curl call to paste; with a made-up name if there is no sample photo."""
    photo = sample if sample is not None and sample.is_file() else Path("photo.jpg")
    content_type = mimetypes.guess_type(photo.name)[0] or "application/octet-stream"
    return (
        f"curl -s -H 'Content-Type: {content_type}' --data-binary @{shlex.quote(str(photo))} "
        f"{url(ports.inference, ports.host)}/predictions/{MODEL_NAME}"
    )
