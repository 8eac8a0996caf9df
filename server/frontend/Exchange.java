import io.netty.channel.Channel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.net.SocketAddress;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.pytorch.serve.util.ConfigManager;

/** One request and its answer, with the line in the access log and the counts in the metrics. */
final class Exchange {
    static final String REQUEST_ID = "x-request-id";
    private static final String SUPPLIER = "x-supplier";
    // As nginx logs it.
    private static final int CLIENT_LEFT = 499;

    /** What TorchServe keeps the request under; callers' own ids may come twice. */
    final String jobId = UUID.randomUUID().toString();

    /** What the caller knows the request by. */
    final String requestId;

    final HttpHeaders headers;

    /** Null until it is known where the request goes. */
    Route route;

    Body body;
    long timeLimitMs;
    TaggerJob job;

    /** Whether the request has arrived to its end. */
    boolean complete;

    /** Read by other threads, too. */
    volatile boolean answered;

    private final AccessLine line = new AccessLine();
    private final long beganNs = System.nanoTime();
    private long arrivedNs;
    private final boolean keepAlive;
    private final boolean head;

    Exchange(Channel channel, HttpRequest request) {
        headers = request.headers();
        requestId = CallerText.of(headers, REQUEST_ID, jobId);
        head = HttpMethod.HEAD.equals(request.method());
        keepAlive = request.decoderResult().isSuccess() && HttpUtil.isKeepAlive(request);
        SocketAddress address = channel.remoteAddress();
        line.requestId = requestId;
        line.supplier = CallerText.of(headers, SUPPLIER, null);
        line.client = address == null ? null : address.toString();
        line.ask(request);
    }

    boolean isKeepAlive() {
        return keepAlive;
    }

    void arrive() {
        complete = true;
        arrivedNs = System.nanoTime();
    }

    /** The body must not live as long as the connection. */
    void dropBody() {
        if (body != null) {
            line.bytesIn = body.length();
            body = null;
        }
    }

    void finish(FullHttpResponse response, boolean stay) {
        answered = true;
        int status = response.status().code();
        String outcome = status < 400 ? Problem.OK : Problem.codeOf(response);
        HttpHeaders out = response.headers();
        out.set(REQUEST_ID, requestId);
        out.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        out.remove(HttpHeaderNames.TRANSFER_ENCODING);
        out.set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
        out.set(
                HttpHeaderNames.CONNECTION,
                stay ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
        if (head) {
            response.content().clear();
        }
        line.bytesOut = response.content().readableBytes();
        record(status, outcome);
    }

    void clientLeft() {
        answered = true;
        record(CLIENT_LEFT, "client_left");
    }

    void countInference() {
        String version = route.version == null ? "default" : route.version;
        Metrics.add("ts_inference_requests_total", 1, route.modelName, version, hostName());
    }

    private void record(int status, String outcome) {
        long nowNs = System.nanoTime();
        dropBody();
        line.status = status;
        line.outcome = outcome;
        line.ms = TimeUnit.NANOSECONDS.toMillis(nowNs - beganNs);
        line.receiveMs = complete ? TimeUnit.NANOSECONDS.toMillis(arrivedNs - beganNs) : null;
        line.modelVersion = isForModel() ? route.model.getVersion() : null;
        line.write();
        String kind = status < 300 ? "2XX" : status < 500 ? "4XX" : "5XX";
        Metrics.add("Requests" + kind, 1, "Host", hostName());
        if (route == null || isForModel()) {
            measure(status, outcome, (nowNs - arrivedNs) / 1e9);
        }
    }

    /** Pings are not counted: they would water down the share of errors. */
    private void measure(int status, String outcome, double seconds) {
        String name = isForModel() ? route.model.getModelName() : "none";
        String version = isForModel() ? route.model.getVersion() : "none";
        Metrics.add(
                "hangtag_answers_total", 1, name, version, String.valueOf(status), outcome);
        // What is refused at once would make the rest look fast.
        if (status < 400) {
            Metrics.add("hangtag_answer_seconds", seconds, name, version);
        }
    }

    private boolean isForModel() {
        return route != null && !route.isPing();
    }

    private static String hostName() {
        return ConfigManager.getInstance().getHostName();
    }
}
