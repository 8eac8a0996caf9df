import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * How the server leaves without losing a request; server/torchserve.py goes from stage to stage.
 *
 * <pre>
 * serving   as ever
 * draining  there is a file `draining`: /ping says 503, so that balancers notice; every answer is
 *           its connection's last; requests are still taken
 * closing   SIGTERM has come: nobody can connect, connections without a request end, the others
 *           get their answer first
 * </pre>
 */
final class Drain {
    /** What connections are told when closing begins. */
    static final Object LAST_CALL = new Object();

    // In the folder that Java was started in. SIGTERM could not carry it: Java ends after it,
    // whatever else comes.
    private static final Path MARK = Path.of("draining");
    private static final long LOOK_INTERVAL_MS = 20;

    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private volatile boolean closing;

    /** Whether the server is about to stop. */
    boolean hasBegun() {
        return closing || Files.exists(MARK);
    }

    boolean isClosing() {
        return closing;
    }

    /** Closing waits for this connection, as long as it is open. */
    void watch(Channel connection) {
        connections.add(connection);
    }

    /** Returns when the last connection has ended, or after `patienceMs`. */
    void close(Channel listener, long patienceMs) {
        closing = true;
        listener.close().awaitUninterruptibly();
        connections.forEach(each -> each.pipeline().fireUserEventTriggered(LAST_CALL));
        long giveUpNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
        try {
            while (!connections.isEmpty() && System.nanoTime() - giveUpNs < 0) {
                Thread.sleep(LOOK_INTERVAL_MS);
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
