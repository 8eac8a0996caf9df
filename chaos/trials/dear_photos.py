"""Photos that take long to decode: they are refused or late, and nobody else is."""

import asyncio

from chaos.bystanders import alone, others, supplier_load, unharmed, waiting_times
from chaos.fuzzing.dear_photos import arithmetic_photo, scanned_photo
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import Address, ask_together, assemble
from loadtest.tagging_requests import Photo, multipart

_UPLOADS = 2
_SCANNED, _ARITHMETIC = 3, 3
_OTHERS_PER_S = 10.0
_TIMEOUT_S = 90.0
# Its own time limit, which none may miss by more.
_MAX_LATENESS_S = 1.0
_OWN_FAULT = ("200", "504 deadline_exceeded")


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send two products of dear photos of each kind, while others send ordinary photos."""
    ordinary = supplier_load(server.address, "others")
    before = alone(ordinary, _OTHERS_PER_S, settings.dear_s).samples
    workers = server.health().worker_pids
    answers: list[Answer] = []
    among = []
    for request in (_product([scanned_photo()] * _SCANNED), _product(_arithmetic(settings))):
        with others(ordinary, _OTHERS_PER_S, settings.dear_s) as running:
            answers += _send(server.address, request)
            among += running.result().samples
    late = [each for each in answers if each.seconds > settings.time_limit_s + _MAX_LATENESS_S]
    return Row(
        "dear photos",
        f"{_UPLOADS} products of {_SCANNED} JPEGs of 64 MP and 86 scans, {_UPLOADS} of "
        f"{_ARITHMETIC} that are arithmetic coded, {len(among)} others",
        (
            *unharmed(before, among, settings.max_slowdown, settings),
            Check("dear ones answered wrongly", sum(map(_is_wrong, answers)), 0),
            Check("dear ones late", len(late), 0),
            Check("worker restarts", len(workers - server.health().worker_pids), 0),
            Check("does not answer afterwards", int(not server.wait_until_ready(_TIMEOUT_S)), 0),
        ),
        (
            waiting_times(before, among),
            f"dear: {outcome_counts(each.outcome for each in answers)}",
        ),
    )


def _arithmetic(settings: ChaosSettings) -> list[bytes]:
    return [arithmetic_photo(1_000 if settings.short else 4_000)] * _ARITHMETIC


def _product(photos: list[bytes]) -> bytes:
    content_type, body = multipart([Photo(each, "image/jpeg") for each in photos], {})
    return assemble(body, headers=[("Content-Type", content_type), ("X-Supplier", "dear")])


def _send(address: Address, request: bytes) -> list[Answer]:
    return asyncio.run(ask_together(address, [request] * _UPLOADS, _TIMEOUT_S))


def _is_wrong(answer: Answer) -> bool:
    if breach_of_contract(answer) is not None or answer.status is None:
        return True
    return answer.outcome not in _OWN_FAULT and not 400 <= answer.status < 500
