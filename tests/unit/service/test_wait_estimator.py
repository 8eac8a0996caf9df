from service.wait_estimator import WaitEstimator

HORIZON_S = 4.0


def full(seats: int = 2, requests: int = 10) -> WaitEstimator:
    estimator = WaitEstimator(HORIZON_S, 0.0)
    estimator.seats = seats
    for _ in range(requests):
        estimator.began(0.0)
    return estimator


def work(estimator: WaitEstimator, until_s: float, per_s: float, from_s: float = 0.0) -> None:
    """Answer and let in at a rate, so that the house stays full."""
    for count in range(1, round((until_s - from_s) * per_s) + 1):
        at_s = from_s + count / per_s
        estimator.ended(at_s, 1.0)
        estimator.began(at_s)


def test_who_finds_a_seat_need_not_wait() -> None:
    estimator = full(requests=1)
    assert estimator.has_free_seat
    assert estimator.seconds(100.0, 5.0) == 0.0


def test_nothing_is_expected_before_enough_was_seen() -> None:
    estimator = full()
    assert estimator.seconds(10.0, HORIZON_S / 8) == 0.0
    assert estimator.seconds(10.0, HORIZON_S / 2) > 0.0


def test_the_wait_is_the_work_over_the_rate() -> None:
    estimator = full()
    work(estimator, until_s=8.0, per_s=5.0)
    assert abs(estimator.seconds(10.0, 8.0) - 2.0) < 0.1
    assert abs(estimator.seconds(40.0, 8.0) - 8.0) < 0.4


def test_an_idle_hour_is_no_evidence_that_the_workers_are_slow() -> None:
    estimator = full(requests=2)
    work(estimator, until_s=8.0, per_s=5.0)
    estimator.ended(8.0, 1.0)
    estimator.ended(8.0, 1.0)
    estimator.began(3608.0)
    estimator.began(3608.0)
    # What was measured before is forgotten.
    assert estimator.seconds(10.0, 3608.1) == 0.0


def test_a_worker_that_hangs_shows_within_a_fraction_of_the_horizon() -> None:
    estimator = full()
    work(estimator, until_s=8.0, per_s=5.0)
    before_s = estimator.seconds(10.0, 8.0)
    assert estimator.seconds(10.0, 8.0 + HORIZON_S / 2) > 1.5 * before_s


def test_what_leaves_undone_is_no_work() -> None:
    estimator = full(requests=3)
    for _ in range(100):
        estimator.began(1.0)
        estimator.ended(1.0, 0.0)
    assert estimator.outstanding == 3
    assert estimator.seconds(1.0, 3.0) > 1.0
