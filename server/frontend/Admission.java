import java.util.concurrent.TimeUnit;
import org.pytorch.serve.wlm.Model;

/**
 * Lets a request in only if it can be expected to be answered in time.
 *
 * <p>It may wait for half its time limit: the other half is for its own batch, and for the estimate
 * being wrong. The rate, too, is measured over half the time limit, since that is how long it must
 * hold.
 */
final class Admission {
    private static final long MAX_RETRY_AFTER_S = 60;

    private final WaitEstimator estimator;

    Admission(long timeLimitMs) {
        estimator = new WaitEstimator(Math.max(1, timeLimitMs / 2), nowMs());
    }

    void require(Model model, long timeLimitMs) throws Refused {
        estimator.setSeats((long) model.getBatchSize() * Math.max(1, model.getMinWorkers()));
        if (model.getJobQueueRemainingCapacity() == 0) {
            throw new Refused(Problem.overloaded(1));
        }
        long excessMs = estimator.waitMs(nowMs()) - timeLimitMs / 2;
        if (excessMs > 0) {
            throw new Refused(Problem.overloaded(Math.min(MAX_RETRY_AFTER_S, 1 + excessMs / 1000)));
        }
    }

    void began() {
        estimator.began(nowMs());
    }

    void completed() {
        estimator.completed(nowMs());
    }

    void withdrawn() {
        estimator.withdrawn(nowMs());
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
