import io.netty.handler.codec.http.HttpHeaders;
import java.util.regex.Pattern;

/** What callers say of themselves, if it is short and plain enough to be logged and echoed. */
final class CallerText {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:/+=@-]{1,128}");

    private CallerText() {}

    /** Returns the value of a header, or the other text where there is none that is plain. */
    static String of(HttpHeaders headers, String name, String otherwise) {
        String value = headers.get(name);
        return value != null && PLAIN.matcher(value).matches() ? value : otherwise;
    }

    /** Returns a text of any length, shortened. */
    static String shortened(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length) + "...";
    }
}
