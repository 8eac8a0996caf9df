"""SIGKILL on a worker under load: its own batch is lost and nothing else."""

from __future__ import annotations

import time

from chaos.load import Load, LoadRun
from chaos.samples import described, rate_per_s, recovery_s
from chaos.server import ServerUnderTrial, eventually, kill
from chaos.settings import ChaosSettings
from chaos.verdict import Check, Row

MAX_RECOVERY_S = 10.0
LOST = "503 worker_lost"
# The second start of a worker waits a second longer than the first.
_SECOND_START_S = 2.0


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Kill a worker that answers."""
    seconds = settings.kill_before_s + settings.kill_after_s
    with load.closed(settings.kill_clients, seconds) as running:
        time.sleep(settings.kill_before_s)
        fault_at_s = running.now_s
        kill(server.workers()[0])
    server.wait_until_ready(MAX_RECOVERY_S)
    return Row(
        "worker killed",
        f"SIGKILL on 1 of {server.worker_count} workers under {settings.kill_clients} clients",
        _checks(running.result(), fault_at_s, server.batch_size, settings),
        (described(running.result().samples),),
    )


def run_while_loading(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Kill a worker, and the one that is started in its place before it is ready."""
    seconds = settings.kill_before_s + settings.kill_after_s + _SECOND_START_S
    with load.closed(settings.kill_clients, seconds) as running:
        time.sleep(settings.kill_before_s)
        killed_while_loading = _kill_with_successor(server)
        fault_at_s = running.now_s
    server.wait_until_ready(MAX_RECOVERY_S)
    checks = _checks(running.result(), fault_at_s, server.batch_size, settings)
    return Row(
        "worker killed while loading",
        f"SIGKILL on 1 of {server.worker_count} workers, and on its successor while that loads",
        (Check("killed while loading", killed_while_loading, 1, at_least=True), *checks),
        (described(running.result().samples),),
    )


def _kill_with_successor(server: ServerUnderTrial) -> int:
    known = server.health().worker_pids
    kill(server.workers()[0])
    eventually(lambda: bool(server.health().worker_pids - known), MAX_RECOVERY_S)
    successors = [each for each in server.workers() if each.pid not in known]
    for successor in successors:
        kill(successor)
    return len(successors)


def _checks(
    result: LoadRun, fault_at_s: float, batch_size: int, settings: ChaosSettings
) -> tuple[Check, ...]:
    # The first third meets a Java that is not warm yet.
    before = rate_per_s(result.samples, settings.kill_before_s / 3, settings.kill_before_s)
    failed = [each for each in result.samples if not each.ok]
    unclear = [each for each in failed if each.outcome != LOST or not each.sound]
    back_after_s = recovery_s(
        result.samples, fault_at_s, settings.same_share * before, window_s=settings.kill_window_s
    )
    return (
        Check("failed requests", len(failed), batch_size),
        Check(f"failed otherwise than {LOST}", len(unclear), 0),
        Check(
            f"{settings.same_share:.0%} of the throughput after", back_after_s, MAX_RECOVERY_S, "s"
        ),
    )
