import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Refuses what two readers of one request could understand in two ways (request smuggling): the
 * Netty of TorchServe 0.12 is of 2020, and a proxy stands in front of it.
 */
final class Framing {
    static final int UNKNOWN_LENGTH = -1;

    // RFC 9110, 5.6.2. Netty lets control characters through (CVE-2021-43797).
    private static final Pattern HEADER_NAME = Pattern.compile("[-!#$%&'*+.^_`|~0-9A-Za-z]+");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

    private Framing() {}

    /** Returns the bytes of the body; UNKNOWN_LENGTH if it comes in chunks. */
    static long bodyLengthOf(HttpRequest request) throws Refused {
        HttpHeaders headers = request.headers();
        for (Map.Entry<String, String> header : headers) {
            if (!HEADER_NAME.matcher(header.getKey()).matches()) {
                throw new Refused(Problem.messageInvalid("A header's name is no token of HTTP."));
            }
        }
        List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
        List<String> encodings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (!encodings.isEmpty()) {
            boolean chunked =
                    encodings.size() == 1
                            && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encodings.get(0));
            if (!chunked || !lengths.isEmpty()) {
                throw new Refused(
                        Problem.messageInvalid(
                                "Transfer-Encoding is not understood; send chunked and no"
                                        + " Content-Length, or a Content-Length only."));
            }
            return UNKNOWN_LENGTH;
        }
        if (lengths.isEmpty()) {
            return 0;
        }
        if (lengths.size() > 1 || !LENGTH.matcher(lengths.get(0)).matches()) {
            throw new Refused(
                    Problem.messageInvalid("Content-Length is not one number; send it once."));
        }
        return Long.parseLong(lengths.get(0));
    }
}
