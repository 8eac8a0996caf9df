import java.util.Arrays;
import org.pytorch.serve.util.messages.InputParameter;

/**
 * A part of a request as it goes to the worker: a stretch of the body.
 *
 * <p>TorchServe's own class copies its value; here it is copied when it is written to the worker,
 * and not at all if it is the whole body.
 */
final class Parameter extends InputParameter {
    private final String name;
    private final String contentType;
    private final byte[] bytes;
    private final int from;
    private final int to;

    /** contentType is null if there is none. */
    Parameter(String name, String contentType, byte[] bytes, int from, int to) {
        this.name = name;
        this.contentType = contentType;
        this.bytes = bytes;
        this.from = from;
        this.to = to;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public CharSequence getContentType() {
        return contentType;
    }

    @Override
    public byte[] getValue() {
        return from == 0 && to == bytes.length ? bytes : Arrays.copyOfRange(bytes, from, to);
    }
}
