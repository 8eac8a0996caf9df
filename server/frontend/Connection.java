import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.pytorch.serve.archive.model.ModelNotFoundException;
import org.pytorch.serve.archive.model.ModelVersionNotFoundException;
import org.pytorch.serve.util.messages.RequestInput;
import org.pytorch.serve.wlm.ModelManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection, from state to state. All of it runs on the channel's own thread.
 *
 * <pre>
 * IDLE      nothing has come since the last answer        idle_timeout_ms -> closed (at once
 *                                                         if the server closes)
 * READING   a request is arriving                         read_timeout_ms -> 408
 * WORKING   it has arrived and waits for its answer       its time limit  -> 504
 * SKIPPING  it was answered before it had arrived         read_timeout_ms -> closed
 * LEAVING   the last answer is out                        the client is silent, or
 *                                                         read_timeout_ms -> closed
 * </pre>
 */
final class Connection extends ChannelInboundHandlerAdapter {
    private enum State {
        IDLE,
        READING,
        WORKING,
        SKIPPING,
        LEAVING
    }

    private static final Logger LOGGER = LoggerFactory.getLogger(Connection.class);
    // Closing a socket with unread bytes in it takes the answer away from a client that still
    // sends. So only our side is closed, and what comes is thrown away until none has come for
    // this long.
    private static final long SILENCE_MS = 2_000;
    // For a request that is on its way when the server closes.
    private static final long LAST_CALL_MS = 500;
    // For a worker that is killed because it does not answer: until its thread has said so.
    private static final long KILL_S = 10;

    private final Frontend frontend;
    private final FrontendSettings settings;
    private final Turns turns;
    private ChannelHandlerContext context;
    private State state = State.IDLE;
    private Exchange exchange;
    private BodyBudget.Reservation reservation;
    private ScheduledFuture<?> timer;
    private long skippedBytes;
    private boolean heard;
    private boolean waitsForReader;

    Connection(Frontend frontend, Turns turns) {
        this.frontend = frontend;
        this.settings = frontend.settings;
        this.turns = turns;
    }

    /** Goes before the codec: a request begins with its first byte, not when its headers end. */
    ChannelHandler firstBytes() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object bytes) {
                heard = true;
                if (state == State.IDLE && !waitsForReader) {
                    startReading();
                }
                context.fireChannelRead(bytes);
            }
        };
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        rest();
        context.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (state != State.LEAVING) {
                take((HttpObject) message);
            }
        } catch (Refused refused) {
            refuse(refused.problem);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == Drain.LAST_CALL && state == State.IDLE) {
            rest();
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (waitsForReader && context.channel().isWritable()) {
            waitsForReader = false;
            nextTurn();
        }
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        setTimer(0, null);
        state = State.LEAVING;
        if (exchange != null && !exchange.answered) {
            exchange.clientLeft();
            letGo();
        }
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
        if (error instanceof IOException) {
            // The connection broke; channelInactive follows.
            context.close();
            return;
        }
        if (error instanceof CodecException && state == State.READING) {
            haveExchange();
            refuse(Problem.noHttp());
            return;
        }
        LOGGER.error("A request failed.", error);
        if (exchange != null && !exchange.answered) {
            answer(Problem.internal().toResponse(), false);
        } else {
            context.close();
        }
    }

    private void take(HttpObject message) throws Refused {
        if (state == State.SKIPPING) {
            skip(message);
            return;
        }
        if (message instanceof HttpRequest) {
            startReading();
            open((HttpRequest) message);
        }
        if (message.decoderResult().isFailure()) {
            throw new Refused(Problem.noHttp());
        }
        if (message instanceof HttpRequest) {
            begin((HttpRequest) message);
        }
        if (message instanceof HttpContent) {
            exchange.body.add(((HttpContent) message).content());
        }
        if (message instanceof LastHttpContent) {
            exchange.arrive();
            turns.hold();
            state = State.WORKING;
            setTimer(0, null);
            work();
        }
    }

    private void begin(HttpRequest request) throws Refused {
        long length = Framing.bodyLengthOf(request);
        exchange.route = Route.of(request);
        exchange.timeLimitMs = TimeLimit.of(request.headers(), settings.timeLimitMs);
        exchange.body = new Body(reservation, settings.maxRequestBytes);
        if (!exchange.route.isPing()) {
            // Asked again when the request has arrived; here, so that nobody sends for nothing.
            frontend.admission.require(exchange.route.model, exchange.timeLimitMs);
        }
        exchange.body.expect(length);
        if (HttpUtil.is100ContinueExpected(request)) {
            context.writeAndFlush(
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private void work() throws Refused {
        if (exchange.route.isPing()) {
            answer(ping(), true);
            return;
        }
        frontend.admission.require(exchange.route.model, exchange.timeLimitMs);
        long deadlineMs = System.currentTimeMillis() + exchange.timeLimitMs;
        RequestInput input = Submission.of(exchange, deadlineMs);
        Tenancy tenancy = new Tenancy(frontend.admission, reservation);
        exchange.job =
                new TaggerJob(exchange.route, input, tenancy, new WaitingClient(exchange));
        exchange.countInference();
        setTimer(exchange.timeLimitMs, this::deadlinePassed);
        if (!isQueued(exchange.job)) {
            tenancy.end(false);
            throw new Refused(
                    exchange.route.model.getJobQueueRemainingCapacity() == 0
                            ? Problem.overloaded(1)
                            : Problem.workerLost("The model has no workers; start some."));
        }
    }

    private static boolean isQueued(TaggerJob job) {
        try {
            return ModelManager.getInstance().addJob(job);
        } catch (ModelNotFoundException | ModelVersionNotFoundException error) {
            // Unregistered since the request began.
            return false;
        }
    }

    private void deadlinePassed() {
        refuse(Problem.deadlineExceeded(exchange.timeLimitMs));
    }

    private void readingTookTooLong() {
        haveExchange();
        refuse(Problem.requestIncomplete(settings.readTimeoutMs));
    }

    /** Of a request whose headers have not arrived, or make no sense, nothing is known yet. */
    private void haveExchange() {
        if (exchange == null || exchange.answered) {
            HttpRequest unknown =
                    new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/unknown");
            open(unknown);
        }
    }

    private void open(HttpRequest request) {
        exchange = new Exchange(context.channel(), request);
        reservation = frontend.budget.open();
    }

    private void refuse(Problem problem) {
        // A client that waits for our leave to send its body may send it or not, now that it is
        // refused: the next request's begin could not be told.
        boolean unclear = !exchange.complete && exchange.headers.contains(HttpHeaderNames.EXPECT);
        answer(problem.toResponse(), !problem.isLastAnswer() && !unclear);
    }

    private void answer(FullHttpResponse response, boolean safeToStay) {
        boolean stay = safeToStay && exchange.isKeepAlive() && !frontend.drain.hasBegun();
        letGo();
        exchange.finish(response, stay);
        ChannelFuture written = context.writeAndFlush(response);
        if (!stay) {
            leave(written);
        } else if (exchange.complete) {
            nextTurn();
        } else {
            state = State.SKIPPING;
            skippedBytes = 0;
            setTimer(settings.readTimeoutMs, context::close);
        }
    }

    /** Gives back what the request takes up, unless a worker is at it: then that one does. */
    private void letGo() {
        TaggerJob job = exchange.job;
        // The job holds the body, too.
        exchange.job = null;
        exchange.dropBody();
        if (job == null) {
            reservation.release();
            return;
        }
        Tenancy tenancy = job.tenancy();
        if (!tenancy.hasEnded()) {
            job.withdraw();
        }
        if (!tenancy.hasEnded()) {
            // In case that TorchServe forgets it, which it does with a batch that is answered in
            // part only.
            long laterS = job.longestServiceS() + KILL_S;
            context.executor().schedule(() -> tenancy.end(false), laterS, TimeUnit.SECONDS);
        }
    }

    private void skip(HttpObject message) {
        if (message.decoderResult().isFailure()) {
            context.close();
        } else if (message instanceof HttpContent) {
            skippedBytes += ((HttpContent) message).content().readableBytes();
            if (message instanceof LastHttpContent) {
                turns.hold();
                nextTurn();
            } else if (skippedBytes > settings.maxRequestBytes) {
                context.close();
            }
        }
    }

    private void nextTurn() {
        rest();
        // Who does not read the answers gets no further ones: they would pile up here.
        waitsForReader = !context.channel().isWritable();
        if (!waitsForReader) {
            turns.next();
        }
    }

    private void rest() {
        state = State.IDLE;
        long idleMs = frontend.drain.isClosing() ? LAST_CALL_MS : settings.idleTimeoutMs;
        setTimer(idleMs, context::close);
    }

    private void startReading() {
        if (state == State.IDLE) {
            state = State.READING;
            setTimer(settings.readTimeoutMs, this::readingTookTooLong);
        }
    }

    private void leave(ChannelFuture written) {
        state = State.LEAVING;
        turns.end();
        setTimer(settings.idleTimeoutMs, context::close);
        written.addListener(
                done -> {
                    ((DuplexChannel) context.channel()).shutdownOutput();
                    linger(settings.readTimeoutMs);
                });
    }

    private void linger(long leftMs) {
        heard = false;
        setTimer(
                Math.min(leftMs, SILENCE_MS),
                () -> {
                    if (heard && leftMs > SILENCE_MS) {
                        linger(leftMs - SILENCE_MS);
                    } else {
                        context.close();
                    }
                });
    }

    private FullHttpResponse ping() {
        Problem obstacle = Readiness.obstacle(frontend.drain);
        if (obstacle != null) {
            return obstacle.toResponse();
        }
        byte[] body = "{\n  \"status\": \"Healthy\"\n}\n".getBytes(StandardCharsets.US_ASCII);
        return response(200, "application/json", body);
    }

    private static FullHttpResponse response(int status, String contentType, byte[] body) {
        FullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(status),
                        Unpooled.wrappedBuffer(body));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        return response;
    }

    /** Replaces whatever the connection was waiting for; with null, it waits for nothing. */
    private void setTimer(long afterMs, Runnable action) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer =
                action == null || !context.channel().isActive()
                        ? null
                        : context.executor().schedule(action, afterMs, TimeUnit.MILLISECONDS);
    }

    /** Brings a worker's answer to the channel's thread; a late one finds nobody waiting. */
    private final class WaitingClient implements TaggerJob.Client {
        private final Exchange asked;

        WaitingClient(Exchange asked) {
            this.asked = asked;
        }

        @Override
        public boolean isWaiting() {
            return context.channel().isOpen() && !asked.answered;
        }

        @Override
        public void answered(
                int status, String contentType, Map<String, String> headers, byte[] body) {
            deliver(() -> response(status, contentType, headers, body));
        }

        @Override
        public void failed(Problem problem) {
            deliver(problem::toResponse);
        }

        private void deliver(Supplier<FullHttpResponse> answer) {
            context.executor()
                    .execute(
                            () -> {
                                if (!asked.answered) {
                                    answer(orInternal(answer), true);
                                }
                            });
        }

        private FullHttpResponse orInternal(Supplier<FullHttpResponse> answer) {
            try {
                return answer.get();
            } catch (RuntimeException error) {
                LOGGER.error("A handler's answer is no HTTP.", error);
                return Problem.internal().toResponse();
            }
        }

        private FullHttpResponse response(
                int status, String contentType, Map<String, String> headers, byte[] body) {
            boolean result = status >= 200 && status < 400;
            if (!result && !contentType.startsWith(Problem.CONTENT_TYPE)) {
                return Problem.ofHandler(status >= 400 && status < 600 ? status : 500).toResponse();
            }
            FullHttpResponse response = Connection.response(status, contentType, body);
            if (headers != null) {
                headers.forEach(response.headers()::set);
            }
            return response;
        }
    }
}
