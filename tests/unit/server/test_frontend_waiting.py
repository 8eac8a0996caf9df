"""WaitEstimator.java: who must expect to wait too long, and that nobody is kept out for ever."""

import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from itertools import accumulate, repeat
from pathlib import Path

import pytest

from server.frontend.build import JAR
from server.java import find_java

HORIZON_MS = 5000
SEATS = 8
BATCH_MS = 200
RATE_PER_S = 1000 * SEATS / BATCH_MS

pytestmark = pytest.mark.skipif(shutil.which("javac") is None, reason="there is no javac")


class Estimator:
    """The Java class, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, event: str, at_ms: int, times: int = 1) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{event} {at_ms}\n" * times)

    def wait_ms(self, at_ms: int) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.tell("wait", at_ms)
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    source = Path(__file__).with_name("WaitEstimatorTrace.java")
    subprocess.run(
        ["javac", "--release", "11", "-cp", JAR, "-d", folder, source],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def estimator(classes: Path) -> Iterator[Estimator]:
    command = [find_java(), "-cp", f"{JAR}:{classes}", "WaitEstimatorTrace"]
    with subprocess.Popen(
        [*map(str, command), str(HORIZON_MS), str(SEATS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Estimator(process)


def serve_backlog(estimator: Estimator, begin_ms: int, end_ms: int) -> None:
    """Complete a batch every BATCH_MS; as many new requests come at once."""
    for at_ms in range(begin_ms + BATCH_MS, end_ms + 1, BATCH_MS):
        estimator.tell("completed", at_ms, SEATS)
        estimator.tell("began", at_ms + 1, SEATS)


def test_nothing_is_expected_before_a_rate_is_known(estimator: Estimator) -> None:
    estimator.tell("began", 0, 1000)
    assert estimator.wait_ms(HORIZON_MS // 4 - 100) == 0


@pytest.mark.parametrize("outstanding", [SEATS, 5 * SEATS, 50 * SEATS])
def test_the_wait_is_what_lies_before_over_the_rate(estimator: Estimator, outstanding: int) -> None:
    estimator.tell("began", 0, outstanding)
    serve_backlog(estimator, 0, 8000)
    expected_ms = 1000 * outstanding / RATE_PER_S
    assert estimator.wait_ms(8100) == pytest.approx(expected_ms, rel=0.1)


def test_few_requests_do_not_make_a_server_seem_slow(estimator: Estimator) -> None:
    for at_ms in range(0, 60_000, 1000):
        estimator.tell("began", at_ms)
        estimator.tell("completed", at_ms + 50)
    estimator.tell("began", 60_000, 200)
    assert estimator.wait_ms(60_100) == 0


def test_a_worker_that_hangs_shows(estimator: Estimator) -> None:
    estimator.tell("began", 0, 2 * SEATS)
    serve_backlog(estimator, 0, 8000)
    waits_ms = [estimator.wait_ms(at_ms) for at_ms in (8200, 13_000, 28_000)]
    assert waits_ms == sorted(waits_ms)
    assert waits_ms[0] < 500
    assert waits_ms[2] > 10_000


def test_a_free_seat_is_given_however_slow_the_server_was(estimator: Estimator) -> None:
    estimator.tell("began", 0, SEATS)
    assert estimator.wait_ms(60_000) > 5e4
    estimator.tell("withdrawn", 60_000)
    assert estimator.wait_ms(60_000) == 0


def test_an_idle_server_forgets_that_it_was_slow(estimator: Estimator) -> None:
    estimator.tell("began", 0, SEATS)
    estimator.tell("withdrawn", 60_000, SEATS)
    later_ms = 60_000 + 2 * HORIZON_MS + 20
    estimator.tell("began", later_ms, 20 * SEATS)
    assert estimator.wait_ms(later_ms) == 0


def test_full_seats_alone_measure_the_rate_anew(estimator: Estimator) -> None:
    """After a hang everybody else is refused, so it must not take more than these."""
    estimator.tell("began", 0, SEATS)
    estimator.tell("withdrawn", 60_000, SEATS)
    estimator.tell("began", 60_001, SEATS)
    assert estimator.wait_ms(60_002) > 5e4
    serve_backlog(estimator, 60_001, 62_001)
    assert estimator.wait_ms(62_100) < HORIZON_MS


class Server:
    """Serves batches first come, first served, and lets in as Admission.java does."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator
        self._queue: deque[float] = deque()
        self._batch: list[float] = []
        self._batch_ends_ms = 0.0
        self.took_ms: list[float] = []
        self.refused = 0

    def arrive(self, at_ms: float) -> None:
        self.run_until(at_ms)
        if self._estimator.wait_ms(int(at_ms)) > HORIZON_MS:
            self.refused += 1
            return
        self._estimator.tell("began", int(at_ms))
        self._queue.append(at_ms)
        if not self._batch:
            self._begin(at_ms)

    def run_until(self, at_ms: float) -> None:
        while self._batch and self._batch_ends_ms <= at_ms:
            self._estimator.tell("completed", int(self._batch_ends_ms), len(self._batch))
            self.took_ms += [self._batch_ends_ms - came_ms for came_ms in self._batch]
            self._batch = []
            self._begin(self._batch_ends_ms)

    def _begin(self, at_ms: float) -> None:
        while self._queue and len(self._batch) < SEATS:
            self._batch.append(self._queue.popleft())
        self._batch_ends_ms = at_ms + BATCH_MS


def arrivals_ms(begin_ms: float, seconds: float, rate_per_s: float) -> Iterator[float]:
    count = int(seconds * rate_per_s)
    return accumulate(repeat(1000 / rate_per_s, count), initial=begin_ms)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_server_that_keeps_up_refuses_nobody(estimator: Estimator, share: float) -> None:
    server = Server(estimator)
    for at_ms in arrivals_ms(0, 60, share * RATE_PER_S):
        server.arrive(at_ms)
    assert server.refused == 0


def test_four_times_too_many_and_what_comes_after(estimator: Estimator) -> None:
    server = Server(estimator)
    for at_ms in arrivals_ms(0, 60, 4 * RATE_PER_S):
        server.arrive(at_ms)
    assert max(server.took_ms) < 2 * HORIZON_MS
    assert len(server.took_ms) > 0.98 * 60 * RATE_PER_S
    server.refused = 0
    for at_ms in arrivals_ms(70_000, 20, 0.9 * RATE_PER_S):
        server.arrive(at_ms)
    assert server.refused == 0
