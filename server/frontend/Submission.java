import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Locale;
import org.pytorch.serve.util.messages.RequestInput;

/**
 * A request as the worker gets it: its content type, its query, its deadline and its id as
 * headers, and its body or its parts. No other header of the client's goes on.
 */
final class Submission {
    private static final String QUERY = "x-hangtag-query";
    // Milliseconds since 1970; the handler need not begin what cannot be answered in time.
    private static final String DEADLINE = "x-hangtag-deadline-ms";
    private static final String REQUEST_ID = "x-hangtag-request-id";
    private static final String WEB_FORM = "application/x-www-form-urlencoded";
    private static final String BYTES = "application/octet-stream";
    private static final String MULTIPART = "multipart/form-data";

    private Submission() {}

    static RequestInput of(Exchange exchange, long deadlineMs) throws Refused {
        RequestInput input = new RequestInput(exchange.jobId);
        String type = exchange.headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        String kind = type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
        input.updateHeaders(QUERY, exchange.route.query);
        input.updateHeaders(DEADLINE, String.valueOf(deadlineMs));
        input.updateHeaders(REQUEST_ID, exchange.requestId);
        // curl calls a body a web form if nobody says what it is, and it is a photo.
        input.updateHeaders("content-type", kind.equals(WEB_FORM) ? BYTES : type);
        byte[] bytes = exchange.body.bytes();
        int length = exchange.body.length();
        if (kind.equals(MULTIPART)) {
            MultipartForm.read(bytes, length, type).forEach(input::addParameter);
        } else {
            input.addParameter(new Parameter("body", kind, bytes, 0, length));
        }
        return input;
    }
}
