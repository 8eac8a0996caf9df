"""Connections that trickle, hang or send 60 MB: an ordinary client does not notice."""

import time

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.slow_clients import own_process, send_huge, trickle
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer
from loadtest.client.load import Load
from loadtest.client.running import LoadRun
from loadtest.client.samples import described, outcome_counts, percentile_s

HUGE_BYTES = 60_000_000
_ORDINARY_CLIENTS = 2
_HUGE_TIMEOUT_S = 60.0
_SETTLE_S = 1.0
_READ = ("413 image_too_large", "400 image_undecodable")


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Compare an ordinary client's waiting times alone, among slow and among huge clients."""
    workers = server.health().worker_pids
    with own_process() as other_process:
        alone = _ordinary(load, settings.slow_s)
        trickling = other_process.submit(
            trickle, server.address, settings.slow_clients, settings.slow_s + 2 * _SETTLE_S
        )
        time.sleep(_SETTLE_S)
        among_slow = _ordinary(load, settings.slow_s)
        trickling.result()
        with load.closed(_ORDINARY_CLIENTS, _HUGE_TIMEOUT_S) as running:
            sending = other_process.submit(
                send_huge, server.address, settings.huge_clients, HUGE_BYTES, _HUGE_TIMEOUT_S
            )
            huge = sending.result()
            # As many samples as in the other parts: a p99 of few would be their maximum.
            time.sleep(max(0.0, settings.slow_s - running.now_s))
            among_huge = running.end()
    health = server.health()
    ordinary = [*among_slow.samples, *among_huge.samples]
    slowest_s = settings.max_slowdown * percentile_s(alone.samples, 99)
    limit_s = max(settings.unnoticed_s, slowest_s)
    return Row(
        "slow and huge clients",
        f"{settings.slow_clients} trickle headers, {settings.slow_clients} bodies, "
        f"{settings.slow_clients} say nothing; {settings.huge_clients} send "
        f"{HUGE_BYTES / 1e6:.0f} MB at once",
        (
            Check("others' p99 among slow", percentile_s(among_slow.samples, 99), limit_s, "s"),
            Check(
                "others' p99 among huge",
                percentile_s(among_huge.samples, 99),
                settings.max_wait_among_huge_s,
                "s",
            ),
            Check("others failed", sum(not each.ok for each in ordinary), 0),
            Check("huge unanswered or 500", sum(not _is_clear(each) for each in huge), 0),
            # Those that were refused for want of memory were not read.
            Check("huge read", sum(each.outcome in _READ for each in huge), 1, at_least=True),
            Check("the edge died", int(not health.edge_alive), 0),
            Check("worker restarts", len(workers - health.worker_pids), 0),
        ),
        (
            f"p99 alone {1000 * percentile_s(alone.samples, 99):.0f} ms",
            f"huge: {outcome_counts(each.outcome for each in huge)}",
            f"others: {described(ordinary)}",
        ),
    )


def _ordinary(load: Load, seconds: float) -> LoadRun:
    with load.closed(_ORDINARY_CLIENTS, seconds) as running:
        return running.result()


def _is_clear(answer: Answer) -> bool:
    # Refused as too large, or for want of memory at the moment; nothing else fits.
    return answer.outcome in (*_READ, "503 overloaded")
