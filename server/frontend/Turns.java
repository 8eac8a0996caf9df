import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One request of a connection at a time: what a client sends after it (pipelining) waits here for
 * its turn.
 *
 * <p>At most what one read brought waits; then the rest stays with the client. As long as nothing
 * waits the connection is read on, since that is how a client that leaves is noticed.
 */
final class Turns extends ChannelInboundHandlerAdapter {
    private final Deque<Object> waiting = new ArrayDeque<>();
    private ChannelHandlerContext context;
    private boolean held;
    private boolean handingOn;

    /** Keeps back whatever comes, until it is the next one's turn. */
    void hold() {
        held = true;
    }

    /** Hands on what waits, up to the end of one request. */
    void next() {
        held = false;
        if (handingOn) {
            return;
        }
        handingOn = true;
        try {
            while (!held && !waiting.isEmpty()) {
                context.fireChannelRead(waiting.poll());
            }
        } finally {
            handingOn = false;
        }
        context.channel().config().setAutoRead(waiting.isEmpty());
    }

    /** Drops what waits and lets everything pass: there is no next turn. */
    void end() {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
        held = false;
        context.channel().config().setAutoRead(true);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (held || handingOn) {
            waiting.add(message);
            context.channel().config().setAutoRead(false);
        } else {
            context.fireChannelRead(message);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
        context.fireChannelInactive();
    }
}
