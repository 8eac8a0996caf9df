"""Small files that ask for much, several at a time: memory keeps to what is planned."""

import asyncio
import time
from collections.abc import Iterator, Sequence

from chaos.fuzzing.bombs import bombs
from chaos.fuzzing.broken_tiffs import broken_tiffs
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
from loadtest.client.wire import Address, ask_once, assemble
from server.memory import WORKER_BYTES

_TIMEOUT_S = 60.0
_READY_TIMEOUT_S = 30.0
# What cannot be decoded in time is its own sender's loss; those behind it may be refused.
_LATE = ("504 deadline_exceeded", "503 overloaded")
# Of each compression.
_TALKATIVE = 8
_UNDECODABLE = "400 image_undecodable"
_CONSOLE = "console.log"
_LOGGED_S = 1.0
_UNDER_WAY_S = 0.1


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send bombs and the largest photos that are taken, several at a time beside a good one."""
    neighbour, expected = good_neighbour(server.address)
    workers = server.health().worker_pids
    complaints: list[str] = []
    harm: list[str] = []
    answers: list[Answer] = []
    goods: list[Answer] = []
    pings: list[Answer] = []
    largest: dict[str, int] = {}
    with MemoryWatch(server) as watch:
        for volley in _volleys(settings):
            before = watch.peaks.worker_bytes
            requests = [*(case.request for case in volley), neighbour]
            *answered, good, ping = asyncio.run(_send(server.address, requests))
            answers += answered
            goods.append(good)
            pings.append(ping)
            harm += filter(None, [neighbour_complaint(expected, good)])
            complaints += filter(None, map(_complaint, volley, answered))
            if watch.peaks.worker_bytes > before:
                largest[volley[0].kind] = watch.peaks.worker_bytes
    restarted = len(workers - server.health().worker_pids)
    ready = server.wait_until_ready(_READY_TIMEOUT_S)
    return Row(
        "bombs",
        f"{len(answers)} bombs and photos of 64 MP, {settings.bombs_together} at a time",
        (
            Check("answered wrongly", len(complaints), 0),
            Check("good neighbours harmed", len(harm), 0),
            Check("slowest good neighbour", _slowest_s(goods), settings.max_accepted_s, "s"),
            # The edge itself reads of photos no more than it must.
            Check("pings not answered", sum(not each.ok for each in pings), 0),
            Check("slowest ping", _slowest_s(pings), settings.max_wait_among_huge_s, "s"),
            Check("worker restarts", restarted, 0),
            Check("largest worker", watch.peaks.worker_bytes / 1e6, WORKER_BYTES / 1e6, "MB"),
            Check("does not answer afterwards", int(not ready), 0),
        ),
        (
            outcome_counts(each.outcome for each in answers),
            f"{watch.peaks.looks:,} looks; all processes {watch.peaks.all_bytes / 1e6:.0f} MB",
            "ever more: " + ", ".join(f"{name} {size / 1e6:.0f}" for name, size in largest.items()),
            *complaints[:10],
            *harm[:3],
        ),
    )


def run_talkative(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send TIFFs of which libtiff has something to say."""
    requests = [post("tiff", each, "image/tiff").request for each in broken_tiffs(_TALKATIVE)]
    before = _sizes(server)
    answers = [asyncio.run(ask_once(server.address, each, _TIMEOUT_S)) for each in requests]
    time.sleep(_LOGGED_S)
    after = _sizes(server)
    grown = {name: size - before.get(name, 0) for name, size in after.items()}
    failed = sum(each.status is None or each.status >= 500 for each in answers)
    refused = sum(each.outcome == _UNDECODABLE for each in answers)
    return Row(
        "talkative photos",
        f"{len(answers)} TIFFs of broken strips",
        (
            Check("answered wrongly", failed, 0),
            # Else there was nothing to say.
            Check(f"answered {_UNDECODABLE}", refused, len(answers) / 3, at_least=True),
            Check("written to what is never rotated", grown.get(_CONSOLE, 0), 0, "bytes"),
        ),
        (
            outcome_counts(each.outcome for each in answers),
            *(
                f"{name} grew by {size / len(answers):.0f} bytes a photo"
                for name, size in grown.items()
            ),
        ),
    )


async def _send(address: Address, requests: Sequence[bytes]) -> list[Answer]:
    """Send requests together, and a ping while they are worked at; return all answers."""
    sending = asyncio.gather(*(ask_once(address, each, _TIMEOUT_S) for each in requests))
    await asyncio.sleep(_UNDER_WAY_S)
    ping = await ask_once(address, assemble(method="GET", target="/ping"), _TIMEOUT_S)
    return [*await sending, ping]


def _slowest_s(answers: Sequence[Answer]) -> float:
    return max(each.seconds for each in answers)


def _volleys(settings: ChaosSettings) -> Iterator[Sequence[FuzzCase]]:
    """Yield bombs as different as possible together, and then each large photo with its like."""
    together = settings.bombs_together
    names = list(bombs())
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


def _sizes(server: ServerUnderTrial) -> dict[str, int]:
    files = server.serving.logs.rglob("*")
    return {each.name: each.stat().st_size for each in files if each.is_file()}
