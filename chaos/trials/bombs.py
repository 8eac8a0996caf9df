"""Small files that ask for much, several at a time: memory keeps to what is planned."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos.fuzzing.bombs import bombs, fax
from chaos.fuzzing.cases import FuzzCase, post
from chaos.fuzzing.judgement import complaint, neighbour_complaint
from chaos.fuzzing.large_photos import large_photos, spaced_document
from chaos.fuzzing.neighbour import good_neighbour
from chaos.memory_watch import MemoryWatch
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer
from loadtest.client.load import Load
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import ask_together
from server.memory import WORKER_BYTES

_TIMEOUT_S = 60.0
_READY_TIMEOUT_S = 30.0
# What cannot be decoded in time is its own sender's loss; those behind it may be refused.
_LATE = ("504 deadline_exceeded", "503 overloaded")
_TALKATIVE = 32
# libtiff has 1.7 kB to say of each.
_MAX_LOGGED_BYTES = 100
# A line of its own for each request.
_ACCESS_LOG = "access_log.log"


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send bombs and the largest photos that are taken, several at a time beside a good one."""
    neighbour, expected = good_neighbour(server.address)
    workers = server.health().worker_pids
    complaints: list[str] = []
    harm: list[str] = []
    answers: list[Answer] = []
    with MemoryWatch(server) as watch:
        for volley in _volleys(settings):
            requests = [*(case.request for case in volley), neighbour]
            *answered, good = asyncio.run(ask_together(server.address, requests, _TIMEOUT_S))
            answers += answered
            harm += filter(None, [neighbour_complaint(expected, good)])
            complaints += filter(None, map(_complaint, volley, answered))
    restarted = len(workers - server.health().worker_pids)
    ready = server.wait_until_ready(_READY_TIMEOUT_S)
    return Row(
        "bombs",
        f"{len(answers)} bombs and photos of 64 MP, {settings.bombs_together} at a time",
        (
            Check("answered wrongly", len(complaints), 0),
            Check("good neighbours harmed", len(harm), 0),
            Check("worker restarts", restarted, 0),
            Check("largest worker", watch.peaks.worker_bytes / 1e6, WORKER_BYTES / 1e6, "MB"),
            Check("does not answer afterwards", int(not ready), 0),
        ),
        (
            outcome_counts(each.outcome for each in answers),
            f"{watch.peaks.looks:,} looks; all processes {watch.peaks.all_bytes / 1e6:.0f} MB",
            *complaints[:10],
            *harm[:3],
        ),
    )


def run_talkative(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send TIFFs of which libtiff has much to say."""
    request = post("tiff", fax(8, 80_000), "image/tiff").request
    before = _logged_bytes(server)
    answers = [
        answer
        for _ in range(_TALKATIVE)
        for answer in asyncio.run(ask_together(server.address, [request], _TIMEOUT_S))
    ]
    each_bytes = (_logged_bytes(server) - before) / len(answers)
    failed = sum(each.status is None or each.status >= 500 for each in answers)
    return Row(
        "talkative photos",
        f"{len(answers)} TIFFs of bad code words",
        (
            Check("answered wrongly", failed, 0),
            Check("logged of each", each_bytes, _MAX_LOGGED_BYTES, "bytes"),
        ),
        (outcome_counts(each.outcome for each in answers),),
    )


def _volleys(settings: ChaosSettings) -> Iterator[Sequence[FuzzCase]]:
    """Yield bombs as different as possible together, and then each large photo with its like."""
    together = settings.bombs_together
    names = [name for name in bombs() if not settings.short or name.startswith(("png", "tiff"))]
    for begin in range(0, len(names), together):
        yield [_case(name, bombs()[name]()) for name in names[begin : begin + together]]
    for name, make in large_photos().items():
        yield [_case(name, make())] * together
    yield [post("base64 with spaces", spaced_document(), "application/json")] * together


def _case(name: str, photo: bytes) -> FuzzCase:
    return post(name, photo, "application/octet-stream")


def _complaint(case: FuzzCase, answer: Answer) -> str | None:
    what = None if answer.outcome in _LATE else complaint(case, answer)
    return what and f"{case.kind}: {what}"


def _logged_bytes(server: ServerUnderTrial) -> int:
    files: Iterator[Path] = server.serving.logs.rglob("*")
    return sum(each.stat().st_size for each in files if each.is_file() and each.name != _ACCESS_LOG)
