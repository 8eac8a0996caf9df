import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * A request's body while it arrives, in one array that is paid for before it is made.
 *
 * <p>Not Netty's HttpObjectAggregator: that one asks nobody before it collects, and copies what it
 * has whenever 1024 pieces have come.
 */
final class Body {
    private static final int FIRST_CAPACITY = 64 * 1024;

    private final BodyBudget.Reservation reservation;
    private final int limitBytes;
    private int reserved;
    private byte[] bytes = new byte[0];
    private int length;

    Body(BodyBudget.Reservation reservation, int limitBytes) {
        this.reservation = reservation;
        this.limitBytes = limitBytes;
    }

    /** Reserves what the request says it will send; its memory is taken when the bytes come. */
    void expect(long declaredBytes) throws Refused {
        if (declaredBytes > limitBytes) {
            throw new Refused(Problem.requestTooLarge(limitBytes));
        }
        if (declaredBytes != Framing.UNKNOWN_LENGTH) {
            reserve((int) declaredBytes);
        }
    }

    void add(ByteBuf piece) throws Refused {
        int more = piece.readableBytes();
        if (more > limitBytes - length) {
            throw new Refused(Problem.requestTooLarge(limitBytes));
        }
        if (length + more > bytes.length) {
            grow(length + more);
        }
        piece.readBytes(bytes, length, more);
        length += more;
    }

    /** The array that holds the body, from its first byte on, and perhaps more room after it. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    private void grow(int needed) throws Refused {
        if (needed > reserved) {
            long doubled = Math.max(FIRST_CAPACITY, 2L * bytes.length);
            reserve((int) Math.min(limitBytes, Math.max(needed, doubled)));
        }
        bytes = Arrays.copyOf(bytes, reserved);
    }

    private void reserve(int capacity) throws Refused {
        if (!reservation.growTo(capacity)) {
            throw new Refused(Problem.overloadedWithBodies());
        }
        reserved = capacity;
    }
}
