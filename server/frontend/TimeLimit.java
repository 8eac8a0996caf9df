import io.netty.handler.codec.http.HttpHeaders;

/** The milliseconds in which a request must be answered, from its last byte on. */
final class TimeLimit {
    private static final String HEADER = "X-Request-Timeout-Ms";

    private TimeLimit() {}

    /** Returns what the client asks for, and never more than the server's own limit. */
    static long of(HttpHeaders headers, long limitMs) throws Refused {
        String asked = headers.get(HEADER);
        if (asked == null) {
            return limitMs;
        }
        if (!asked.matches("0*[1-9][0-9]*")) {
            throw new Refused(
                    Problem.requestInvalid(
                            HEADER + " is no positive whole number of milliseconds; send one."));
        }
        String digits = asked.replaceFirst("^0+", "");
        // More digits than any limit has.
        return digits.length() > 15 ? limitMs : Math.min(limitMs, Long.parseLong(digits));
    }
}
