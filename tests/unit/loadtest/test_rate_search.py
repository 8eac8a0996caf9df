import pytest

from loadtest.client.running import LoadRun
from loadtest.client.samples import Sample
from loadtest.errors import LoadTestFailed
from loadtest.rate_search import Attempt, Objectives, judge, largest_rate

OBJECTIVES = Objectives(p50_ms=100, p95_ms=200, p99_ms=300, failure_percent=1)


def run_of(rate: float, seconds: float, waiting_s: float, failed: int = 0) -> LoadRun:
    """A run whose answers take `waiting_s` each, of which the last `failed` are refusals."""
    count = int(rate * seconds)
    samples = [
        Sample(
            number / rate,
            number / rate,
            number / rate + waiting_s,
            "200" if number < count - failed else "503 overloaded",
        )
        for number in range(count)
    ]
    return LoadRun(samples, seconds)


@pytest.mark.parametrize(
    ("waiting_s", "failed", "held"),
    [(0.09, 0, True), (0.11, 0, False), (0.09, 1, True), (0.09, 20, False)],
    ids=["in time", "too slow", "few failures", "many failures"],
)
def test_a_run_is_held_against_the_objectives(waiting_s: float, failed: int, held: bool) -> None:
    attempt = judge(run_of(50, 13, waiting_s, failed), 50, 3, OBJECTIVES)
    assert attempt.passed == held
    assert attempt.p50_ms == pytest.approx(1000 * waiting_s)
    assert attempt.failure_percent == pytest.approx(100 * failed / 500)
    assert attempt.seconds == 10


def test_a_growing_backlog_is_not_held() -> None:
    rate, seconds = 50.0, 13.0
    # Each answer comes a little later than the one before, 95 of 100 in time.
    samples = [
        Sample(number / rate, number / rate, number / (0.95 * rate), "200")
        for number in range(int(rate * seconds))
    ]
    patient = Objectives(p50_ms=5000, p95_ms=5000, p99_ms=5000)
    attempt = judge(LoadRun(samples, seconds), rate, 3, patient)
    assert not attempt.passed
    assert attempt.answered_per_s == pytest.approx(0.95 * rate, rel=0.01)


class Machine:
    """Holds every rate up to its capacity; a long attempt only up to a little less."""

    def __init__(self, capacity_per_s: float, lasting_per_s: float | None = None) -> None:
        self.capacity_per_s = capacity_per_s
        self.lasting_per_s = lasting_per_s or capacity_per_s
        self.tried: list[float] = []

    def brief(self, rate: float) -> Attempt:
        self.tried.append(rate)
        return self._attempt(rate, rate <= self.capacity_per_s)

    def lasting(self, rate: float) -> Attempt:
        return self._attempt(rate, rate <= self.lasting_per_s)

    def _attempt(self, rate: float, held: bool) -> Attempt:
        return Attempt(
            rate_per_s=rate, seconds=1, answered_per_s=rate, p50_ms=1, p95_ms=1, p99_ms=1,
            failure_percent=0, lag_p99_ms=0, passed=held,
        )  # fmt: skip


@pytest.mark.parametrize("guess", [5.0, 48.0, 60.0, 900.0])
def test_the_largest_rate_is_found_from_any_guess(guess: float) -> None:
    machine = Machine(50)
    found = largest_rate(machine.brief, machine.lasting, guess, tolerance=0.02)
    assert 49 <= found.rate_per_s <= 50


def test_a_good_guess_takes_few_attempts() -> None:
    machine = Machine(50)
    largest_rate(machine.brief, machine.lasting, 52, tolerance=0.02)
    assert len(machine.tried) <= 6


def test_what_does_not_last_is_not_reported() -> None:
    machine = Machine(50, lasting_per_s=45)
    found = largest_rate(machine.brief, machine.lasting, 52, tolerance=0.02)
    assert found.passed
    assert 43 <= found.rate_per_s <= 45


def test_a_server_that_keeps_to_no_rate_is_told() -> None:
    machine = Machine(0.01)
    with pytest.raises(LoadTestFailed, match="Not even"):
        largest_rate(machine.brief, machine.lasting, 10, tolerance=0.02)
