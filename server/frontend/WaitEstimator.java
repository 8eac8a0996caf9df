/**
 * How long a request that comes now will wait until the workers have done what lies before it.
 *
 * <p>wait = outstanding / rate: the requests that were handed to the workers and have not come
 * back, over the requests a second that the workers finish.
 *
 * <p>The rate is measured only while the house is full, that is, while at least as many requests
 * are outstanding as the workers take up at once (their seats: workers times batch size). With
 * fewer, the rate says how many requests come and not how many could be done, and a server that
 * keeps up would seem slow. Both the completions and the seconds with a full house fade with
 * e^(-age / horizon), where age is measured in seconds with a full house: rate = completions /
 * seconds. So an idle hour is no evidence that the workers are slow, and a worker that was lost
 * or hangs shows within a fraction of the horizon.
 *
 * <p>What cannot happen is that a low rate keeps everybody out and so is never measured again:
 * a request that finds a seat free is always let in, these alone make a full house, and a rate
 * without a full house for two horizons is forgotten. Nothing is expected (wait 0) until a quarter
 * of a horizon of full house has been seen; then the length of the queue is the only bound.
 *
 * <p>Times are milliseconds of any clock that does not go backwards.
 */
final class WaitEstimator {
    // A batch comes back in one go, and its clients need a moment to send anew: a house that was
    // full stays so over a shorter gap.
    private static final long GAP_MS = 10;

    private final double horizonMs;
    private long seats = 1;
    private long outstanding;
    private boolean full;
    private double completions;
    private double fullMs;
    private long lastFullAtMs;
    private long nowMs;

    WaitEstimator(long horizonMs, long nowMs) {
        this.horizonMs = horizonMs;
        this.nowMs = nowMs;
    }

    /** Requests that the workers take up at once, all together. */
    synchronized void setSeats(long seats) {
        this.seats = Math.max(1, seats);
    }

    /** A request has been handed to the workers. */
    synchronized void began(long atMs) {
        advance(atMs);
        outstanding++;
        enterIfFull();
    }

    /** A worker has done the work of a request. */
    synchronized void completed(long atMs) {
        advance(atMs);
        outstanding--;
        if (full) {
            completions++;
        }
    }

    /** A request has come back undone: it was taken out of the queue, or its worker was lost. */
    synchronized void withdrawn(long atMs) {
        advance(atMs);
        outstanding--;
    }

    /** Returns the milliseconds that a request must expect to wait; 0 if it finds a seat. */
    synchronized long waitMs(long atMs) {
        advance(atMs);
        if (outstanding < seats || fullMs < horizonMs / 4) {
            return 0;
        }
        // Less than one completion in all this time is no rate to divide by.
        return (long) (outstanding * fullMs / Math.max(completions, 0.5));
    }

    private void advance(long atMs) {
        long passedMs = Math.max(0, atMs - nowMs);
        nowMs = Math.max(nowMs, atMs);
        if (outstanding < seats && passedMs > GAP_MS) {
            full = false;
        }
        if (full) {
            double kept = Math.exp(-passedMs / horizonMs);
            completions *= kept;
            fullMs = fullMs * kept + horizonMs * (1 - kept);
            lastFullAtMs = nowMs;
        } else if (nowMs - lastFullAtMs > 2 * horizonMs) {
            completions = 0;
            fullMs = 0;
        }
    }

    private void enterIfFull() {
        if (outstanding >= seats) {
            full = true;
            lastFullAtMs = nowMs;
        }
    }
}
