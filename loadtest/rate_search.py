"""The largest rate of requests that a server answers within its limits."""

from collections.abc import Callable

from pydantic import AliasChoices, BaseModel, Field

from loadtest.client.running import LoadRun
from loadtest.client.samples import percentile_s, rate_per_s
from loadtest.errors import LoadTestFailed

# What must be answered within the time of the run: a backlog that grows slowly would keep to the
# limits for a while.
_MIN_ANSWERED = 0.98
_DOWN, _UP = 0.85, 1.15
_LEAST_RATE_PER_S = 0.2


class Objectives(BaseModel, extra="forbid", frozen=True):
    """What callers are promised (SLO)."""

    p50_ms: float = Field(500, gt=0)
    p95_ms: float = Field(750, gt=0)
    p99_ms: float = Field(1000, gt=0)
    failure_percent: float = Field(0, ge=0, le=100)


class Attempt(BaseModel, extra="forbid", frozen=True):
    """What one rate showed; waiting times count from when a request was due."""

    rate_per_s: float
    seconds: float
    answered_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failure_percent: float
    # How late the generator itself was, which counts as waiting.
    lag_p99_ms: float
    # As the stored reports name it.
    passed: bool = Field(
        validation_alias=AliasChoices("passed", "held"), serialization_alias="held"
    )


TryRate = Callable[[float], Attempt]


def judge(
    run: LoadRun, rate_per_s_wanted: float, warm_up_s: float, objectives: Objectives
) -> Attempt:
    """Return what an open loop showed after its warm-up."""
    samples = run.between(warm_up_s, run.seconds)
    answered_per_s = rate_per_s(run.samples, warm_up_s, run.seconds)
    p50_ms, p95_ms, p99_ms = (1000 * percentile_s(samples, percent) for percent in (50, 95, 99))
    failed = sum(not each.ok for each in samples)
    failure_percent = 100 * failed / len(samples) if samples else 100.0
    return Attempt(
        rate_per_s=rate_per_s_wanted,
        seconds=run.seconds - warm_up_s,
        answered_per_s=answered_per_s,
        p50_ms=p50_ms,
        p95_ms=p95_ms,
        p99_ms=p99_ms,
        failure_percent=failure_percent,
        lag_p99_ms=1000 * run.lag_p99_s,
        passed=p50_ms <= objectives.p50_ms
        and p95_ms <= objectives.p95_ms
        and p99_ms <= objectives.p99_ms
        and failure_percent <= objectives.failure_percent
        and answered_per_s >= _MIN_ANSWERED * rate_per_s_wanted,
    )


def largest_rate(
    try_rate: TryRate, confirm: TryRate, guess_per_s: float, tolerance: float
) -> Attempt:
    """Return the attempt with the largest rate that holds, confirmed by a longer one.

    Parameters
    ----------
    try_rate, confirm : a short and a long attempt at a rate
    guess_per_s : where to begin
    tolerance : share of the rate at which the bisection ends

    Raises
    ------
    LoadTestFailed : if no rate holds.
    """
    low, high = _bracket(try_rate, guess_per_s)
    while high - low > tolerance * low:
        middle = (low + high) / 2
        if try_rate(middle).passed:
            low = middle
        else:
            high = middle
    rate = low
    while not (confirmed := confirm(rate)).passed:
        rate = _lower(rate, 1 - tolerance)
    return confirmed


def _bracket(try_rate: TryRate, guess_per_s: float) -> tuple[float, float]:
    """Return neighbouring rates of which the first holds and the second does not."""
    rate = guess_per_s
    if try_rate(rate).passed:
        while try_rate(rate * _UP).passed:
            rate *= _UP
        return rate, rate * _UP
    while not try_rate(lower := _lower(rate, _DOWN)).passed:
        rate = lower
    return lower, rate


def _lower(rate_per_s_failed: float, factor: float) -> float:
    rate = rate_per_s_failed * factor
    if rate < _LEAST_RATE_PER_S:
        raise LoadTestFailed(
            f"Not even {rate_per_s_failed:.2g} requests/s keep to the limits; give larger ones."
        )
    return rate
