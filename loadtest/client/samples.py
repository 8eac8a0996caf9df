"""What a run of load tells: rates, percentiles, and how long a fault could be felt."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """One request of a run; times in seconds since the run began."""

    # When it was due: an open loop counts from here, so that its own lag is not hidden.
    due_s: float
    sent_s: float
    done_s: float
    # Such as "200", "503 overloaded" or "timeout".
    outcome: str
    # Whether an error is the contract's problem+json, and says when to come again.
    sound: bool = True
    retry_after: bool = False
    # Of the archive that answered, where the load asks for it.
    version: str = ""

    @property
    def ok(self) -> bool:
        """Whether the request was answered with success."""
        return self.outcome.startswith("2")

    @property
    def seconds(self) -> float:
        """How long the client waited."""
        return self.done_s - self.due_s


def percentile_s(samples: Sequence[Sample], percent: float) -> float:
    """Return the waiting time that `percent` of the samples kept to; NaN without samples."""
    if not samples:
        return float("nan")
    return float(np.percentile([each.seconds for each in samples], percent, method="higher"))


def rate_per_s(samples: Sequence[Sample], begin_s: float, end_s: float) -> float:
    """Return the successes a second that were finished in [begin_s, end_s)."""
    done = sum(each.ok and begin_s <= each.done_s < end_s for each in samples)
    return done / (end_s - begin_s)


def recovery_s(
    samples: Sequence[Sample], fault_at_s: float, wanted_rate: float, *, window_s: float
) -> float:
    """Return how long after a fault the rate of success is back, and stays for `window_s`.

    Infinity if it is not back before the last sample.
    """
    last_s = max((each.done_s for each in samples), default=0.0)
    step_s = window_s / 10
    steps = int((last_s - window_s - fault_at_s) / step_s) + 1
    for step in range(max(0, steps)):
        begin_s = fault_at_s + step * step_s
        if rate_per_s(samples, begin_s, begin_s + window_s) >= wanted_rate:
            return begin_s - fault_at_s
    return float("inf")


def outcome_counts(outcomes: Iterable[str]) -> str:
    """Return in one line how often each outcome was met: `200: 512, 503 overloaded: 31`."""
    counts = Counter(outcomes).most_common()
    return ", ".join(f"{outcome}: {count:,}" for outcome, count in counts)


def described(samples: Iterable[Sample]) -> str:
    """Return the outcomes of a run in one line."""
    return outcome_counts(each.outcome for each in samples)
