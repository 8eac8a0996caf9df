import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.netty.handler.codec.http.HttpRequest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One exchange as a line of JSON in the access log, with the fields below; null ones are left out.
 *
 * <p>Never the query or a body: photos, product ids and texts are the callers' own. What is the
 * caller's text has a bounded length.
 */
final class AccessLine {
    private static final Logger ACCESS_LOG = LoggerFactory.getLogger("ACCESS_LOG");
    private static final Gson GSON =
            new GsonBuilder()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .disableHtmlEscaping()
                    .create();
    private static final int MAX_METHOD = 16;
    private static final int MAX_PATH = 128;

    String time;

    /** The caller's X-Request-Id, or one of our own. */
    String requestId;

    /** X-Supplier, which the proxy sets when it has authenticated the caller. */
    String supplier;

    String client;
    String method;
    String path;
    String modelVersion;
    int status;

    /** "ok", or the code of the problem. */
    String outcome;

    /** From the end of the headers to the answer; of that, until the request's last byte. */
    long ms;

    Long receiveMs;

    long bytesIn;
    long bytesOut;

    void ask(HttpRequest request) {
        method = CallerText.shortened(request.method().name(), MAX_METHOD);
        String target = Route.withoutOrigin(request.uri());
        path = CallerText.shortened(target.split("\\?", 2)[0], MAX_PATH);
    }

    void write() {
        time = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        ACCESS_LOG.info(GSON.toJson(this));
    }
}
