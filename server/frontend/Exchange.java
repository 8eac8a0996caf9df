import io.netty.channel.Channel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.net.SocketAddress;
import java.util.List;
import org.pytorch.serve.http.Session;
import org.pytorch.serve.metrics.IMetric;
import org.pytorch.serve.metrics.MetricCache;
import org.pytorch.serve.util.ConfigManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request and its answer, with the line in the access log and the count in the metrics. */
final class Exchange {
    private static final Logger ACCESS_LOG = LoggerFactory.getLogger("ACCESS_LOG");
    // As nginx logs it.
    private static final int CLIENT_LEFT = 499;

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

    private final Session session;
    private final boolean keepAlive;
    private final boolean head;

    Exchange(Channel channel, HttpRequest request) {
        SocketAddress address = channel.remoteAddress();
        headers = request.headers();
        session = new Session(address == null ? "127.0.0.1" : address.toString(), request);
        head = HttpMethod.HEAD.equals(request.method());
        keepAlive = request.decoderResult().isSuccess() && HttpUtil.isKeepAlive(request);
    }

    String requestId() {
        return session.getRequestId();
    }

    boolean isKeepAlive() {
        return keepAlive;
    }

    void finish(FullHttpResponse response, boolean stay) {
        answered = true;
        HttpHeaders out = response.headers();
        out.set("x-request-id", requestId());
        out.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        out.remove(HttpHeaderNames.TRANSFER_ENCODING);
        out.set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
        out.set(
                HttpHeaderNames.CONNECTION,
                stay ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
        if (head) {
            response.content().clear();
        }
        record(response.status().code());
    }

    void clientLeft() {
        answered = true;
        record(CLIENT_LEFT);
    }

    void countInference() {
        String version = route.version == null ? "default" : route.version;
        count("ts_inference_requests_total", List.of(route.modelName, version, hostName()));
    }

    private void record(int status) {
        session.setCode(status);
        ACCESS_LOG.info(session.toString());
        String kind = status < 300 ? "2XX" : status < 500 ? "4XX" : "5XX";
        count("Requests" + kind, List.of("Host", hostName()));
    }

    private static void count(String metric, List<String> dimensions) {
        // Null if metrics.yaml does not declare it.
        IMetric declared = MetricCache.getInstance().getMetricFrontend(metric);
        if (declared != null) {
            declared.addOrUpdate(dimensions, 1);
        }
    }

    private static String hostName() {
        return ConfigManager.getInstance().getHostName();
    }
}
