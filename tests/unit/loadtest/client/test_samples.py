import math

import pytest

from loadtest.client.samples import Sample, described, percentile_s, rate_per_s, recovery_s


def done(at_s: float, outcome: str = "200", took_s: float = 0.1) -> Sample:
    return Sample(at_s - took_s, at_s - took_s, at_s, outcome)


def steady(begin_s: float, end_s: float, rate: int) -> list[Sample]:
    count = int((end_s - begin_s) * rate)
    return [done(begin_s + (number + 0.5) / rate) for number in range(count)]


def test_the_rate_counts_successes_within_the_window() -> None:
    samples = [*steady(0, 10, 20), done(5, "503 overloaded"), done(5, "timeout")]
    assert rate_per_s(samples, 2, 4) == 20
    assert rate_per_s(samples, 11, 12) == 0


def test_percentiles_are_times_that_were_really_met() -> None:
    samples = [done(1, took_s=number / 100) for number in range(1, 101)]
    assert percentile_s(samples, 50) == pytest.approx(0.51)
    assert percentile_s(samples, 99) == pytest.approx(1.0)
    assert math.isnan(percentile_s([], 99))


def test_waiting_counts_from_when_a_request_was_due() -> None:
    assert Sample(due_s=1.0, sent_s=3.0, done_s=3.5, outcome="200").seconds == 2.5


def test_recovery_is_the_begin_of_the_first_window_at_the_wanted_rate() -> None:
    samples = [*steady(0, 5, 100), *steady(8, 15, 100)]
    assert recovery_s(samples, 5, 90, window_s=2) == pytest.approx(3.0, abs=0.3)


def test_without_a_dip_recovery_takes_no_time() -> None:
    assert recovery_s(steady(0, 10, 100), 5, 90, window_s=2) == 0


def test_a_rate_that_does_not_come_back_is_never() -> None:
    samples = [*steady(0, 5, 100), *steady(5, 15, 50)]
    assert recovery_s(samples, 5, 90, window_s=2) == math.inf
    assert recovery_s([], 5, 90, window_s=2) == math.inf


def test_outcomes_are_told_the_commonest_first() -> None:
    samples = [done(1, "503 overloaded"), done(1), done(1)]
    assert described(samples) == "200: 2, 503 overloaded: 1"
