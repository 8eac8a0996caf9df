"""SIGKILL on a worker under load: its own batch is lost and nothing else."""

import time
from collections.abc import Sequence

from chaos.server import ServerUnderTrial, eventually, kill
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.load import Load
from loadtest.client.running import LoadRun, RunningLoad
from loadtest.client.samples import Sample, described, rate_per_s, recovery_s

MAX_RECOVERY_S = 10.0
LOST = "503 worker_lost"
# Longer than a recovery may take, with the window in which its rate is measured.
_MAX_AFTER_S = MAX_RECOVERY_S + 4.0
_LOOK_INTERVAL_S = 0.25


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Kill a worker that answers."""
    with load.closed(settings.kill_clients, settings.kill_before_s + _MAX_AFTER_S) as running:
        time.sleep(settings.kill_before_s)
        fault_at_s = running.now_s
        kill(server.workers()[0])
        _await_recovery(server, running, fault_at_s, settings)
    return Row(
        "worker killed",
        f"SIGKILL on 1 of {server.worker_count} workers under {settings.kill_clients} clients",
        _checks(running.result(), fault_at_s, server.batch_size, settings),
        (described(running.result().samples),),
    )


def run_while_loading(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Kill a worker, and the one that is started in its place before it is ready."""
    with load.closed(settings.kill_clients, settings.kill_before_s + 2 * _MAX_AFTER_S) as running:
        time.sleep(settings.kill_before_s)
        killed_while_loading = _kill_with_successor(server)
        fault_at_s = running.now_s
        _await_recovery(server, running, fault_at_s, settings)
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


def _await_recovery(
    server: ServerUnderTrial, running: RunningLoad, fault_at_s: float, settings: ChaosSettings
) -> None:
    """End the load as soon as all is as before, or it took too long."""
    # A load that has other workers could be as fast as before while this one is still away.
    server.wait_until_ready(MAX_RECOVERY_S)
    while running.now_s < fault_at_s + _MAX_AFTER_S:
        time.sleep(_LOOK_INTERVAL_S)
        if _recovery_s(running.samples, fault_at_s, settings) < MAX_RECOVERY_S:
            break
    running.end()


def _recovery_s(samples: Sequence[Sample], fault_at_s: float, settings: ChaosSettings) -> float:
    # The first third meets a Java that is not warm yet.
    before = rate_per_s(samples, settings.kill_before_s / 3, settings.kill_before_s)
    wanted = settings.same_share * before
    return recovery_s(samples, fault_at_s, wanted, window_s=settings.kill_window_s)


def _checks(
    result: LoadRun, fault_at_s: float, batch_size: int, settings: ChaosSettings
) -> tuple[Check, ...]:
    failed = [each for each in result.samples if not each.ok]
    unclear = [each for each in failed if each.outcome != LOST or not each.sound]
    return (
        Check("failed requests", len(failed), batch_size),
        Check(f"failed otherwise than {LOST}", len(unclear), 0),
        Check(
            f"{settings.same_share:.0%} of the throughput after",
            _recovery_s(result.samples, fault_at_s, settings),
            MAX_RECOVERY_S,
            "s",
        ),
    )
