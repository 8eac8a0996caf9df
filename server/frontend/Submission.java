import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Locale;
import org.pytorch.serve.util.messages.RequestInput;

/**
 * A request as the worker gets it: its content type and encoding, its query, its deadline and its
 * id as headers, and its body or its parts. No other header of the client's goes on.
 */
final class Submission {
    private static final String QUERY = "x-hangtag-query";
    // Milliseconds since 1970; the handler need not begin what cannot be answered in time.
    private static final String DEADLINE = "x-hangtag-deadline-ms";
    private static final String REQUEST_ID = "x-hangtag-request-id";
    private static final String MULTIPART = "multipart/form-data";

    private Submission() {}

    static RequestInput of(Exchange exchange, long deadlineMs) throws Refused {
        RequestInput input = new RequestInput(exchange.jobId);
        String type = exchange.headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        String kind = type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
        input.updateHeaders(QUERY, exchange.route.query);
        input.updateHeaders(DEADLINE, String.valueOf(deadlineMs));
        input.updateHeaders(REQUEST_ID, exchange.requestId);
        input.updateHeaders("content-type", type);
        byte[] bytes = exchange.body.bytes();
        int length = exchange.body.length();
        String encoding =
                String.join(", ", exchange.headers.getAll(HttpHeaderNames.CONTENT_ENCODING));
        // A form that is really encoded does not begin with its delimiter: the handler refuses it.
        boolean plain = encoding.isEmpty() || length > 0 && bytes[0] == '-';
        if (kind.equals(MULTIPART) && plain) {
            MultipartForm.read(bytes, length, type).forEach(input::addParameter);
        } else {
            input.updateHeaders("content-encoding", encoding);
            input.addParameter(new Parameter("body", kind, bytes, 0, length));
        }
        return input;
    }
}
