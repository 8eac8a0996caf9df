/**
 * Bytes of request bodies that may be held at one time, over all connections.
 *
 * <p>Reserved before the bytes are collected, and held until nobody needs them any more. A quarter
 * is for small bodies only: a few big uploads, or some slow ones, must not lock out the photos of
 * everybody else.
 */
final class BodyBudget {
    private static final int SMALL_SHARE = 64;

    private final long total;
    private final long totalOfLarge;
    private final long largestSmall;
    private long held;
    private long heldByLarge;

    BodyBudget(long bytes) {
        total = bytes;
        totalOfLarge = bytes / 4 * 3;
        largestSmall = bytes / SMALL_SHARE;
    }

    Reservation open() {
        return new Reservation();
    }

    private synchronized boolean change(long from, long to) {
        long heldAfter = held - from + to;
        long heldByLargeAfter = heldByLarge - large(from) + large(to);
        if (to > from && (heldAfter > total || large(to) > 0 && heldByLargeAfter > totalOfLarge)) {
            return false;
        }
        held = heldAfter;
        heldByLarge = heldByLargeAfter;
        return true;
    }

    private long large(long bytes) {
        return bytes > largestSmall ? bytes : 0;
    }

    /** One request's part; it can be released from any thread, any number of times. */
    final class Reservation {
        private long bytes;
        private boolean released;

        /** Returns false, and leaves all as it was, if the budget does not have that much. */
        synchronized boolean growTo(long wanted) {
            if (released || !change(bytes, wanted)) {
                return false;
            }
            bytes = wanted;
            return true;
        }

        synchronized void release() {
            change(bytes, 0);
            bytes = 0;
            released = true;
        }
    }
}
