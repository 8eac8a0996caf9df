import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.io.IOException;
import java.security.GeneralSecurityException;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.pytorch.serve.ModelServer;
import org.pytorch.serve.metrics.MetricCache;
import org.pytorch.serve.servingsdk.impl.PluginsManager;
import org.pytorch.serve.util.ConfigManager;
import org.pytorch.serve.util.Connector;
import org.pytorch.serve.util.ConnectorType;
import org.pytorch.serve.util.TokenAuthorization;

/**
 * TorchServe, with what it loses of a request handed on to the handler.
 *
 * <p>TorchServe gives a handler the headers and the body of a request to /predictions, but drops
 * the query (InferenceRequestHandler.handlePredictions passes no decoder on), and takes a body
 * without a content type, which curl calls a web form, to pieces. Here the query travels as a
 * header, and such a body stays whole.
 */
public final class HangtagServer extends ModelServer {
    static final String QUERY_HEADER = "x-hangtag-query";

    private HangtagServer(ConfigManager configuration) {
        super(configuration);
    }

    /** Starts like ModelServer.main, with the same arguments. */
    public static void main(String[] arguments) {
        try {
            CommandLine line =
                    new DefaultParser()
                            .parse(ConfigManager.Arguments.getOptions(), arguments, null, false);
            ConfigManager.init(new ConfigManager.Arguments(line));
            TokenAuthorization.init();
            PluginsManager.getInstance().initialize();
            MetricCache.init();
            HangtagServer server = new HangtagServer(ConfigManager.getInstance());
            Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
            server.startAndWait();
        } catch (Throwable error) {
            error.printStackTrace();
        } finally {
            System.exit(1);
        }
    }

    @Override
    public ChannelFuture initializeServer(
            Connector connector, EventLoopGroup accepting, EventLoopGroup working, ConnectorType type)
            throws InterruptedException, IOException, GeneralSecurityException {
        ChannelFuture closed = super.initializeServer(connector, accepting, working, type);
        if (type == ConnectorType.INFERENCE_CONNECTOR || type == ConnectorType.ALL) {
            closed.channel().pipeline().addFirst(new NewConnections());
        }
        return closed;
    }

    /** Sits in the listening channel, where each new connection comes by as a message. */
    @ChannelHandler.Sharable
    private static final class NewConnections extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object connection) {
            ((Channel) connection).pipeline().addLast(new Installer());
            context.fireChannelRead(connection);
        }
    }

    /** Puts KeepRequests in front of TorchServe's own handler, which is there once we are active. */
    private static final class Installer extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.pipeline().addBefore("handler", "keep-requests", new KeepRequests());
            context.fireChannelActive();
            context.pipeline().remove(this);
        }
    }

    private static final class KeepRequests extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest) {
                keepQuery((HttpRequest) message);
                keepBody((HttpRequest) message);
            }
            context.fireChannelRead(message);
        }

        private static void keepQuery(HttpRequest request) {
            int mark = request.uri().indexOf('?');
            // Set in any case: what a client sends under this name is not the query.
            request.headers().set(QUERY_HEADER, mark < 0 ? "" : request.uri().substring(mark + 1));
        }

        private static void keepBody(HttpRequest request) {
            CharSequence type = HttpUtil.getMimeType(request);
            if (HttpHeaderValues.APPLICATION_X_WWW_FORM_URLENCODED.contentEqualsIgnoreCase(type)) {
                request.headers()
                        .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_OCTET_STREAM);
            }
        }
    }
}
