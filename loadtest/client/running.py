"""Load under way in a thread of its own, and what it saw."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Self

from loadtest.client.answer import Answer
from loadtest.client.samples import Sample, percentile_s, rate_per_s
from loadtest.errors import LoadTestFailed

_LOOK_INTERVAL_S = 0.05


@dataclass(frozen=True)
class LoadRun:
    """What a run of load saw."""

    samples: list[Sample]
    seconds: float
    # Requests that an open loop left out because too many were open already.
    left_out: int = 0
    # Of the generator itself.
    cpu_s: float = 0.0

    @property
    def rate_per_s(self) -> float:
        """Successes a second."""
        return rate_per_s(self.samples, 0, self.seconds)

    @property
    def offered_per_s(self) -> float:
        """Requests a second that were really sent."""
        return len(self.samples) / self.seconds

    @property
    def lag_p99_s(self) -> float:
        """How late the generator itself was: long, if it is the limit and not the server."""
        late = [Sample(each.due_s, 0, each.sent_s, "") for each in self.samples]
        return percentile_s(late, 99)

    def between(self, begin_s: float, end_s: float) -> list[Sample]:
        """The samples that were due in a part of the run."""
        return [each for each in self.samples if begin_s <= each.due_s < end_s]


class Progress:
    """What the thread of a run shares with the one that waits for it."""

    def __init__(self) -> None:
        self.began_s = time.perf_counter()
        self.stop = threading.Event()
        self.samples: list[Sample] = []
        # When each request was sent that has no sample yet.
        self.under_way: set[float] = set()
        self.first_failure: Answer | None = None

    @property
    def now_s(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.began_s

    def add(self, sample: Sample, answer: Answer) -> None:
        """Note what came of a request."""
        self.samples.append(sample)
        self.under_way.discard(sample.sent_s)
        if not answer.ok and self.first_failure is None:
            self.first_failure = answer


class RunningLoad:
    """Load under way: `with load.closed(16, 10) as running: ...`; it ends with the block."""

    def __init__(self, run: Callable[[Progress], Coroutine[None, None, LoadRun]]) -> None:
        self._progress = Progress()
        self._run = run
        self._result: LoadRun | None = None
        self._thread = threading.Thread(target=self._work, name="load")

    def __enter__(self) -> Self:
        self._progress.began_s = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop.set()
        self._thread.join()

    @property
    def now_s(self) -> float:
        """Seconds since the run began, on the clock of its samples."""
        return self._progress.now_s

    @property
    def samples(self) -> list[Sample]:
        """What has been answered up to now."""
        return self._progress.samples.copy()

    @property
    def first_failure(self) -> Answer | None:
        """The first answer that was not a success."""
        return self._progress.first_failure

    def flow(self, seconds: float) -> None:
        """Let the load go on for a while.

        Raises
        ------
        LoadTestFailed : if it has ended by an error of its own.
        """
        self._thread.join(seconds)
        if not self._thread.is_alive() and self._result is None:
            raise LoadTestFailed("The load broke off; its traceback is above.")

    def since(self, begin_s: float) -> list[Sample]:
        """Return what was sent since a moment; waits until what is under way has ended.

        Raises
        ------
        LoadTestFailed : as `flow`.
        """
        now_s = self.now_s
        while any(sent_s <= now_s for sent_s in self._progress.under_way.copy()):
            self.flow(_LOOK_INTERVAL_S)
        return [each for each in self.samples if each.sent_s >= begin_s]

    def result(self) -> LoadRun:
        """Wait for the end of the run and return what it saw.

        Raises
        ------
        LoadTestFailed : if it ended by an error of its own.
        """
        self._thread.join()
        if self._result is None:
            raise LoadTestFailed("The load broke off; its traceback is above.")
        return self._result

    def end(self) -> LoadRun:
        """End the run now; what is under way is still awaited."""
        self._progress.stop.set()
        return self.result()

    def _work(self) -> None:
        self._result = asyncio.run(self._run(self._progress))
