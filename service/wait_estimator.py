"""How fast the workers are, from what they did while there was always something to do."""

import math

# A batch comes back in one go, and its callers need a moment to send anew: a house that was full
# stays so over a shorter gap.
_GAP_S = 0.01


class WaitEstimator:
    """Estimates the seconds that an amount of work will take; work is counted in photos.

    rate = work done / seconds. It is measured only while the house is full: while at least as many
    requests are outstanding as the workers take up at once (their seats). With fewer, the rate says
    how many requests come and not how many could be done, and a server that keeps up would seem
    slow. Both the work done and the seconds with a full house fade with e^(-age / horizon), where
    age is measured in seconds with a full house. So an idle hour is no evidence that the workers
    are slow, and a worker that was lost or hangs shows within a fraction of the horizon.

    What cannot happen is that a low rate keeps everybody out and so is never measured again: a
    request that finds a seat free is always let in, these alone make a full house, and a rate
    without a full house for two horizons is forgotten. Nothing is expected (0 s) until a quarter of
    a horizon of full house has been seen; then the length of the line is the only bound.

    Times are seconds of any clock that does not go backwards.
    """

    def __init__(self, horizon_s: float, now_s: float) -> None:
        self._horizon_s = horizon_s
        self._now_s = now_s
        self._last_full_at_s = now_s
        self._is_full = False
        self._done = 0.0
        self._full_s = 0.0
        self.seats = 1
        self.outstanding = 0

    @property
    def has_free_seat(self) -> bool:
        """Whether a request that comes now need not wait."""
        return self.outstanding < self.seats

    def began(self, at_s: float) -> None:
        """A request has come."""
        self._advance(at_s)
        self.outstanding += 1
        if not self.has_free_seat:
            self._is_full = True
            self._last_full_at_s = self._now_s

    def ended(self, at_s: float, done: float) -> None:
        """A request is answered, and was so much work; 0 if it left undone."""
        self._advance(at_s)
        self.outstanding -= 1
        if self._is_full:
            self._done += done

    def seconds(self, work: float, at_s: float) -> float:
        """Return how long an amount of work will take; 0 if there is a seat free."""
        self._advance(at_s)
        if self.has_free_seat or self._full_s < self._horizon_s / 4:
            return 0.0
        # Less than half a photo in all this time is no rate to divide by.
        return work * self._full_s / max(self._done, 0.5)

    def _advance(self, at_s: float) -> None:
        passed_s = max(0.0, at_s - self._now_s)
        self._now_s = max(self._now_s, at_s)
        if self.has_free_seat and passed_s > _GAP_S:
            self._is_full = False
        if self._is_full:
            kept = math.exp(-passed_s / self._horizon_s)
            self._done *= kept
            self._full_s = self._full_s * kept + self._horizon_s * (1 - kept)
            self._last_full_at_s = self._now_s
        elif self._now_s - self._last_full_at_s > 2 * self._horizon_s:
            self._done = self._full_s = 0.0
