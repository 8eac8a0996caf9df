import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.io.IOException;
import java.security.GeneralSecurityException;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.logging.log4j.LogManager;
import org.pytorch.serve.ModelServer;
import org.pytorch.serve.metrics.MetricCache;
import org.pytorch.serve.servingsdk.impl.PluginsManager;
import org.pytorch.serve.util.ConfigManager;
import org.pytorch.serve.util.Connector;
import org.pytorch.serve.util.ConnectorType;
import org.pytorch.serve.util.TokenAuthorization;

/**
 * TorchServe with a front end of our own on the inference port; docs/adr/0004-front-end.md says
 * why.
 *
 * <p>Models, queues, workers, management and metrics stay TorchServe's. What comes in over the
 * inference port is read, limited, queued and answered by {@link Connection}.
 */
public final class HangtagServer extends ModelServer {
    // Bytes. A query names its groups one by one, so the line is longer than Netty's default takes.
    private static final int MAX_REQUEST_LINE = 16 * 1024;
    private static final int MAX_HEADERS = 16 * 1024;
    private static final int MAX_CHUNK = 64 * 1024;

    private final Frontend frontend;
    private volatile Channel listener;

    private HangtagServer(ConfigManager configuration, Frontend frontend) {
        super(configuration);
        this.frontend = frontend;
    }

    /** Starts like ModelServer.main, with the same arguments. */
    public static void main(String[] arguments) {
        try {
            CommandLine line =
                    new DefaultParser()
                            .parse(ConfigManager.Arguments.getOptions(), arguments, null, false);
            ConfigManager.init(new ConfigManager.Arguments(line));
            ConfigManager configuration = ConfigManager.getInstance();
            requireWhatWeKeep(configuration);
            JobQueue.requireThisTorchServe();
            Frontend frontend = new Frontend(FrontendSettings.of(configuration));
            TokenAuthorization.init();
            PluginsManager.getInstance().initialize();
            MetricCache.init();
            HangtagServer server = new HangtagServer(configuration, frontend);
            new WorkerWatch().start();
            Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
            server.startAndWait();
        } catch (Throwable error) {
            error.printStackTrace();
        } finally {
            System.exit(1);
        }
    }

    /** TorchServe's HTTP handlers would see to these; whoever asks for one must not be ignored. */
    private static void requireWhatWeKeep(ConfigManager configuration) {
        if (!configuration.getDisableTokenAuthorization()) {
            throw new IllegalArgumentException(
                    "Hangtag checks no tokens; set disable_token_authorization=true.");
        }
        Connector inference = configuration.getListener(ConnectorType.INFERENCE_CONNECTOR);
        if (inference.isSsl()) {
            throw new IllegalArgumentException(
                    "Hangtag speaks no TLS; give inference_address http and let a proxy do it.");
        }
        if (inference.equals(configuration.getListener(ConnectorType.MANAGEMENT_CONNECTOR))) {
            throw new IllegalArgumentException(
                    "inference_address and management_address must not be the same.");
        }
    }

    @Override
    public ChannelFuture initializeServer(
            Connector connector,
            EventLoopGroup accepting,
            EventLoopGroup working,
            ConnectorType type)
            throws InterruptedException, IOException, GeneralSecurityException {
        if (type != ConnectorType.INFERENCE_CONNECTOR) {
            return super.initializeServer(connector, accepting, working, type);
        }
        listener =
                new ServerBootstrap()
                        .group(accepting, working)
                        .channel(connector.getServerChannel())
                        .option(ChannelOption.SO_BACKLOG, 1024)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childHandler(new NewConnection())
                        .bind(connector.getSocketAddress())
                        .sync()
                        .channel();
        // Never done. At its end ModelServer would stop the event loops, and with them the
        // connections that still wait for an answer.
        return listener.newPromise();
    }

    /** Answers what is under way, and stops. */
    @Override
    public void stop() {
        if (listener != null) {
            frontend.drain.close(listener, frontend.settings.longestRequestMs());
        }
        super.stop();
        LogManager.shutdown();
    }

    private final class NewConnection extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            frontend.drain.watch(channel);
            Turns turns = new Turns();
            Connection connection = new Connection(frontend, turns);
            channel.pipeline()
                    .addLast(connection.firstBytes())
                    .addLast(new RequestDecoder())
                    .addLast(new HttpResponseEncoder())
                    .addLast(turns)
                    .addLast(connection);
        }
    }

    private static final class RequestDecoder extends HttpRequestDecoder {
        RequestDecoder() {
            super(MAX_REQUEST_LINE, MAX_HEADERS, MAX_CHUNK);
        }

        @Override
        protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
            // Netty would take the Content-Length out; Framing refuses such a message.
        }
    }
}
