import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parts of a multipart/form-data body (RFC 7578), as stretches of it.
 *
 * <p>Not Netty's HttpPostRequestDecoder: the one in TorchServe 0.12 makes several objects of each
 * of any number of parts before anybody can say no (CVE-2024-29025), and a body of 64 MB has room
 * for millions.
 */
final class MultipartForm {
    private static final int MAX_PARTS = 100;
    private static final int MAX_HEADER_BYTES = 8 * 1024;
    private static final Pattern BOUNDARY =
            Pattern.compile(
                    ";\\s*boundary=(?:\"([^\"]{1,70})\"|([^\\s;\"]{1,70}))",
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME = parameter("name");
    private static final Pattern FILE_NAME = parameter("filename\\*?");
    private static final Pattern TEXT_WITH_CHARSET =
            Pattern.compile("^text/[^;]*;\\s*charset=", Pattern.CASE_INSENSITIVE);
    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST = {'-', '-'};
    private static final String TYPE_OF_FILES = "application/octet-stream";

    private final byte[] body;
    private final int length;
    private final byte[] delimiter;

    private MultipartForm(byte[] body, int length, String boundary) {
        this.body = body;
        this.length = length;
        delimiter = ("--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
    }

    static List<Parameter> read(byte[] body, int length, String contentType) throws Refused {
        Matcher boundary = BOUNDARY.matcher(contentType);
        if (!boundary.find()) {
            throw new Refused(
                    Problem.requestInvalid(
                            "The Content-Type multipart/form-data has no boundary; leave that"
                                    + " header to your client, which then writes both."));
        }
        String name = boundary.group(1) != null ? boundary.group(1) : boundary.group(2);
        return new MultipartForm(body, length, name).parts();
    }

    private List<Parameter> parts() throws Refused {
        List<Parameter> parts = new ArrayList<>();
        int start = firstDelimiter() + delimiter.length;
        while (!isAt(start, LAST)) {
            if (parts.size() == MAX_PARTS) {
                throw invalid("has more than " + MAX_PARTS + " parts");
            }
            int headers = endOfDelimiterLine(start);
            int end = next(headers);
            parts.add(part(headers, end));
            start = end + CRLF.length + delimiter.length;
        }
        return parts;
    }

    private int firstDelimiter() throws Refused {
        return isAt(0, delimiter) ? 0 : next(0) + CRLF.length;
    }

    /** Returns where the line break before the next delimiter is. */
    private int next(int from) throws Refused {
        for (int at = from; at < length; at++) {
            if (body[at] == '\r' && isAt(at, CRLF) && isAt(at + CRLF.length, delimiter)) {
                return at;
            }
        }
        throw invalid("is cut off: its last delimiter is missing");
    }

    private int endOfDelimiterLine(int from) throws Refused {
        int at = from;
        while (at < length && (body[at] == ' ' || body[at] == '\t')) {
            at++;
        }
        if (!isAt(at, CRLF)) {
            throw invalid("has a delimiter that does not end its line");
        }
        return at + CRLF.length;
    }

    private Parameter part(int headers, int end) throws Refused {
        String disposition = "";
        String type = null;
        int at = headers;
        int lineEnd = endOfLine(at, headers, end);
        while (lineEnd > at) {
            String line = new String(body, at, lineEnd - at, StandardCharsets.UTF_8);
            int colon = Math.max(0, line.indexOf(':'));
            String value = line.substring(colon + 1).trim();
            switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "content-disposition":
                    disposition = value;
                    break;
                case "content-type":
                    type = value;
                    break;
                case "content-transfer-encoding":
                    requireIdentity(value);
                    break;
                default:
            }
            at = lineEnd + CRLF.length;
            lineEnd = endOfLine(at, headers, end);
        }
        // Of an empty part, the empty line may be the one that belongs to the delimiter.
        return parameter(disposition, type, Math.min(at + CRLF.length, end), end);
    }

    private Parameter parameter(String disposition, String type, int from, int end) throws Refused {
        Matcher name = NAME.matcher(disposition);
        if (!disposition.toLowerCase(Locale.ROOT).startsWith("form-data") || !name.find()) {
            throw invalid("has a part without a name");
        }
        String quoted = name.group(1);
        String text = quoted != null ? quoted.replaceAll("\\\\(.)", "$1") : name.group(2);
        return new Parameter(text, typeOf(disposition, type, from == end), body, from, end);
    }

    /**
     * What has no file name is a field, whatever type its client gives it, unless that says in
     * which charset its text is. So is the empty file that a browser makes of an input in which
     * nobody chose one.
     */
    private static String typeOf(String disposition, String type, boolean empty) {
        Matcher fileName = FILE_NAME.matcher(disposition);
        boolean file = fileName.find() && !(empty && "".equals(fileName.group(1)));
        String declared = type == null || type.isEmpty() ? TYPE_OF_FILES : type;
        boolean text = TEXT_WITH_CHARSET.matcher(declared).find();
        return file || text ? declared : null;
    }

    private int endOfLine(int from, int headers, int end) throws Refused {
        for (int at = from; at <= Math.min(end, headers + MAX_HEADER_BYTES); at++) {
            if (isAt(at, CRLF)) {
                return at;
            }
        }
        throw invalid("has a part whose headers do not end");
    }

    private static void requireIdentity(String encoding) throws Refused {
        if (!List.of("7bit", "8bit", "binary").contains(encoding.toLowerCase(Locale.ROOT))) {
            throw new Refused(
                    Problem.requestInvalid(
                            "A part of the multipart body has a Content-Transfer-Encoding; send its"
                                    + " bytes as they are."));
        }
    }

    private boolean isAt(int at, byte[] expected) {
        if (at + expected.length > length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (body[at + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static Pattern parameter(String name) {
        // Without a choice at each character, which would take a frame of the stack for each.
        String quoted = "\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"";
        return Pattern.compile(
                ";\\s*" + name + "=(?:" + quoted + "|([^\\s;\"]+))", Pattern.CASE_INSENSITIVE);
    }

    private static Refused invalid(String what) {
        return new Refused(
                Problem.requestInvalid("The multipart body " + what + "; send it anew."));
    }
}
