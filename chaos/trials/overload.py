"""Four times what the server can take: what it accepts it answers in time, the rest it refuses."""

from chaos.capacity import best_of
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.load import Load
from loadtest.client.running import LoadRun
from loadtest.client.samples import Sample, described, percentile_s

REFUSED = "503 overloaded"
_CLIENTS = 8
_MAX_PROBES = 8


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Send a multiple of the capacity for a while; compare the time before with the time after."""
    before = best_of(load, _CLIENTS, settings.probe_s, runs=2)
    workers = server.health().worker_pids
    rate_per_s = settings.overload_factor * load.capacity_per_s
    with load.open(rate_per_s, settings.overload_s) as running:
        overloaded = running.result()
    least_offered_per_s = settings.min_offered_share * rate_per_s
    emptied = server.wait_until_idle(settings.time_limit_s)
    restarted = len(workers - server.health().worker_pids)
    after = _probe_until_as_before(load, before, settings)
    return Row(
        "overload",
        f"{rate_per_s:.0f} requests/s for {settings.overload_s:.0f} s, capacity "
        f"{load.capacity_per_s:.0f}/s",
        (
            Check("offered", overloaded.offered_per_s, least_offered_per_s, "/s", True),
            *overload_checks(overloaded.samples, settings),
            Check(
                "answered",
                answered_per_s(overloaded.samples),
                settings.goodput_share * load.capacity_per_s,
                "/s",
                at_least=True,
            ),
            Check("worker restarts", restarted, 0),
            Check("queues not empty afterwards", int(not emptied), 0),
            *_same_as_before(before, after, settings.same_share),
        ),
        (
            described(overloaded.samples),
            f"the generator's own lag, p99: {1000 * overloaded.lag_p99_s:.0f} ms",
        ),
    )


def overload_checks(samples: list[Sample], settings: ChaosSettings) -> tuple[Check, ...]:
    """Return what the contract promises of accepted and of refused requests."""
    accepted = [each for each in samples if each.ok]
    refused = [each for each in samples if each.outcome == REFUSED]
    others = len(samples) - len(accepted) - len(refused)
    silent = sum(not each.retry_after or not each.sound for each in refused)
    checks = (
        # Of the time limit itself nobody can miss more than a moment.
        Check("accepted p99", percentile_s(accepted, 99), settings.max_accepted_s, "s"),
        Check("failed otherwise", others, 0),
        Check("refused without Retry-After", silent, 0),
    )
    if not refused:
        return checks
    return (*checks, Check("refused p99", percentile_s(refused, 99), settings.max_refusal_s, "s"))


def answered_per_s(samples: list[Sample]) -> float:
    """Return the successes a second, from the first request to the last answer."""
    accepted = [each for each in samples if each.ok]
    return len(accepted) / max((each.done_s for each in accepted), default=1.0)


def _probe_until_as_before(load: Load, before: LoadRun, settings: ChaosSettings) -> LoadRun:
    """Return the first run that is like the one before; what else the machine does slows some."""
    for _ in range(_MAX_PROBES):
        after = best_of(load, _CLIENTS, settings.probe_s, runs=1)
        if all(check.passed for check in _same_as_before(before, after, settings.same_share)):
            break
    return after


def _same_as_before(before: LoadRun, after: LoadRun, same_share: float) -> tuple[Check, ...]:
    least_per_s = same_share * before.rate_per_s
    slowest_p50_s = percentile_s(before.samples, 50) / same_share
    return (
        Check("throughput afterwards", after.rate_per_s, least_per_s, "/s", at_least=True),
        Check("p50 afterwards", percentile_s(after.samples, 50), slowest_p50_s, "s"),
    )
