import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What is wrong, as application/problem+json (RFC 9457): the same form as the handler's own errors
 * (hangtag/errors.py), whose codes go on here.
 *
 * <pre>
 * 400 request_invalid      405 method_not_allowed   413 request_too_large   503 worker_lost
 * 404 not_found            408 request_incomplete   500 internal            504 deadline_exceeded
 *                                                   503 overloaded
 * </pre>
 *
 * <p>And /ping alone: 503 loading, 503 draining.
 */
final class Problem {
    static final String CONTENT_TYPE = "application/problem+json";

    /** Stands where a code would, if there is no problem. */
    static final String OK = "ok";

    // It becomes a metric's label: a handler must not fill Prometheus with anything.
    private static final Pattern CODE = Pattern.compile("[a-z_]{1,40}");
    private static final String UNKNOWN = "unknown";
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    final String detail;

    private final int status;
    private final String code;
    private final String title;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private boolean lastAnswer;

    private Problem(int status, String code, String title, String detail) {
        this.status = status;
        this.code = code;
        this.title = title;
        this.detail = detail;
    }

    static Problem requestInvalid(String detail) {
        return new Problem(400, "request_invalid", "Request invalid", detail);
    }

    /** The message cannot be told from the next one, so it is the connection's last. */
    static Problem messageInvalid(String detail) {
        return requestInvalid(detail).closing();
    }

    static Problem noHttp() {
        return messageInvalid(
                "This is no HTTP/1.1 request, or its first line or headers are too long; send it"
                        + " anew.");
    }

    static Problem notFound(String detail) {
        return new Problem(404, "not_found", "Not found", detail);
    }

    static Problem methodNotAllowed(List<HttpMethod> allowed, String path) {
        String detail = "Send " + path + " with " + allowed.get(0) + ".";
        return new Problem(405, "method_not_allowed", "Method not allowed", detail)
                .with(
                        "Allow",
                        allowed.stream().map(HttpMethod::name).collect(Collectors.joining(", ")));
    }

    static Problem requestIncomplete(long timeoutMs) {
        String detail =
                "The request did not arrive completely within " + timeoutMs + " ms; send it anew.";
        return new Problem(408, "request_incomplete", "Request incomplete", detail).closing();
    }

    static Problem requestTooLarge(long limitBytes) {
        String detail =
                "The request has more than the "
                        + limitBytes
                        + " bytes that are taken; send fewer or smaller photos.";
        return new Problem(413, "request_too_large", "Request too large", detail).closing();
    }

    static Problem overloaded(long retryAfterS) {
        String detail =
                "More requests are waiting than can be answered in time; send it again in "
                        + retryAfterS
                        + " s.";
        return new Problem(503, "overloaded", "Overloaded", detail)
                .with("Retry-After", String.valueOf(retryAfterS));
    }

    /** No memory is left for the body, which then is not read: the connection ends. */
    static Problem overloadedWithBodies() {
        String detail = "Too many bytes of other requests are held; send it again in 1 s.";
        return new Problem(503, "overloaded", "Overloaded", detail)
                .with("Retry-After", "1")
                .closing();
    }

    static Problem workerLost(String detail) {
        return new Problem(503, "worker_lost", "Worker lost", detail).with("Retry-After", "1");
    }

    static Problem loading() {
        String detail = "No worker has loaded the model; wait until one has.";
        return new Problem(503, "loading", "Loading", detail).with("Retry-After", "1");
    }

    static Problem draining() {
        String detail = "The server is about to stop; send requests to another one.";
        return new Problem(503, "draining", "Draining", detail);
    }

    static Problem deadlineExceeded(long limitMs) {
        String detail = "There was no answer within " + limitMs + " ms; send it again later.";
        return new Problem(504, "deadline_exceeded", "Deadline exceeded", detail).closing();
    }

    static Problem internal() {
        return ofHandler(500);
    }

    /** For an error of a handler that does not say what is wrong in this form itself. */
    static Problem ofHandler(int status) {
        if (status < 500) {
            String detail = "The model's handler refused the request; its documentation says why.";
            return new Problem(status, "request_invalid", "Request invalid", detail);
        }
        String detail = "The server failed at this request; its logs say why.";
        return new Problem(status, "internal", "Internal error", detail);
    }

    /** Code and status of what is the service's fault, and never the caller's. */
    static Map<String, Integer> ofOurFault() {
        return Map.of(
                "internal", 500, "overloaded", 503, "worker_lost", 503, "deadline_exceeded", 504);
    }

    /** The code of an answer with a problem, ours or the handler's. */
    static String codeOf(FullHttpResponse response) {
        try {
            String text = response.content().toString(StandardCharsets.UTF_8);
            Coded document = GSON.fromJson(text, Coded.class);
            if (document != null
                    && document.code != null
                    && CODE.matcher(document.code).matches()) {
                return document.code;
            }
        } catch (JsonParseException error) {
            // As below: it has no code.
        }
        return UNKNOWN;
    }

    /** Whether the connection must end after this answer. */
    boolean isLastAnswer() {
        return lastAnswer;
    }

    FullHttpResponse toResponse() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("title", title);
        document.put("status", status);
        document.put("detail", detail);
        document.put("code", code);
        byte[] body = GSON.toJson(document).getBytes(StandardCharsets.UTF_8);
        FullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(status),
                        Unpooled.wrappedBuffer(body));
        headers.forEach(response.headers()::set);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, CONTENT_TYPE);
        return response;
    }

    private Problem with(String header, String value) {
        headers.put(header, value);
        return this;
    }

    private Problem closing() {
        lastAnswer = true;
        return this;
    }

    private static final class Coded {
        String code;
    }
}
