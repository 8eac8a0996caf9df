import java.util.concurrent.atomic.AtomicBoolean;

/** What a request takes up until no worker needs it: a place in the queue, memory for its body. */
final class Tenancy {
    private final Admission admission;
    private final BodyBudget.Reservation reservation;
    private final AtomicBoolean ended = new AtomicBoolean();

    Tenancy(Admission admission, BodyBudget.Reservation reservation) {
        this.admission = admission;
        this.reservation = reservation;
        admission.began();
    }

    boolean hasEnded() {
        return ended.get();
    }

    /** Counts only the first time; from any thread. */
    void end(boolean completed) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        reservation.release();
        if (completed) {
            admission.completed();
        } else {
            admission.withdrawn();
        }
    }
}
