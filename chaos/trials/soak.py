"""Minutes at most of the capacity, with requests of every kind: nothing fails, nothing grows."""

import time
from collections.abc import Sequence
from statistics import fmean

from chaos.capacity import best_of
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.load import Load
from loadtest.client.running import LoadRun, RunningLoad
from loadtest.client.samples import described, percentile_s
from loadtest.tagging_requests import (
    Photo,
    TaggingRequest,
    as_sent,
    json_body,
    multipart,
    photo_request,
)

MAX_GROWTH_PERCENT = 5.0
# Small processes grow by a page here and there.
UNNOTICED_BYTES = 10_000_000
_LOOKS = 120


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Keep a constant rate up, and look at the processes' memory."""
    mixed = Load(load.address, mixed_requests(load.requests))
    best = best_of(mixed, settings.capacity_clients, settings.capacity_s / 3, runs=3)
    capacity_per_s = best.rate_per_s / _GOOD_SHARE
    workers = server.health().worker_pids
    with mixed.open(settings.soak_share * capacity_per_s, settings.soak_s) as running:
        memory = _watch(server, running, settings.soak_s)
        result = running.result()
    return Row(
        "soak",
        f"{settings.soak_s:.0f} s at {settings.soak_share * capacity_per_s:.0f} requests/s, "
        f"{100 * settings.soak_share:.0f}% of the capacity: photos, products, JSON, broken ones",
        (
            *_checks(result),
            Check(
                "memory growth",
                growth_percent(memory, settings.soak_settled_s),
                MAX_GROWTH_PERCENT,
                "%",
            ),
            Check("worker restarts", len(workers - server.health().worker_pids), 0),
        ),
        (
            described(result.samples),
            f"p50 {1000 * percentile_s(result.samples, 50):.0f} ms, "
            f"p99 {1000 * percentile_s(result.samples, 99):.0f} ms; "
            f"{memory[-1][1] / 1e6:.0f} MB at the end",
        ),
    )


# Of the mixed requests below, those that are answered with success.
_GOOD_SHARE = 0.9


def mixed_requests(photo_requests: Sequence[bytes]) -> list[bytes]:
    """Return single photos, products of several, JSON documents, and one in ten broken."""
    bodies = [request.partition(b"\r\n\r\n")[2] for request in photo_requests]
    mixed = []
    for number in range(10 * len(bodies)):
        photo, other = bodies[number % len(bodies)], bodies[(number + 1) % len(bodies)]
        kind = number % 10
        if kind == 9:
            mixed.append(photo_request(photo[: len(photo) // 3]))
        elif kind in (7, 8):
            mixed.append(_product_request([photo, other], as_json=kind == 8))
        else:
            mixed.append(photo_requests[number % len(bodies)])
    return mixed


def growth_percent(memory: Sequence[tuple[float, int]], settled_s: float) -> float:
    """Return by how much memory grew, from when it had settled to the end.

    Parameters
    ----------
    memory : (seconds since the begin, bytes), in order
    """
    settled = [size for at_s, size in memory if at_s >= settled_s]
    share = max(1, len(settled) // 5)
    begin, end = fmean(settled[:share]), fmean(settled[-share:])
    grown = end - begin
    return 100 * grown / begin if grown > UNNOTICED_BYTES else min(0.0, 100 * grown / begin)


def _watch(
    server: ServerUnderTrial, running: RunningLoad, seconds: float
) -> list[tuple[float, int]]:
    memory = []
    while running.now_s < seconds:
        memory.append((running.now_s, server.health().memory_bytes))
        time.sleep(seconds / _LOOKS)
    return memory


def _checks(result: LoadRun) -> tuple[Check, ...]:
    samples = result.samples
    server_errors = sum(each.outcome.startswith("5") for each in samples)
    unanswered = sum(not each.outcome[0].isdigit() for each in samples)
    broken = sum(each.outcome.startswith("4") for each in samples)
    return (
        Check("5xx", server_errors, 0),
        Check("unanswered", unanswered, 0),
        Check("4xx beyond the broken ones", max(0, broken - -(-len(samples) // 10)), 0),
        Check("errors not problem+json", sum(not each.sound for each in samples), 0),
    )


def _product_request(contents: Sequence[bytes], *, as_json: bool) -> bytes:
    photos = [Photo(content, "image/jpeg") for content in contents]
    if as_json:
        body = json_body(photos, product_id="SKU-1", options={"top_k": 2})
        return as_sent(TaggingRequest("a product", "application/json", body))
    return as_sent(TaggingRequest("a product", *multipart(photos, {})))
