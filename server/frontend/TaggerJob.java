import java.util.Map;
import org.pytorch.serve.job.RestJob;
import org.pytorch.serve.util.messages.RequestInput;
import org.pytorch.serve.util.messages.WorkerCommands;
import org.pytorch.serve.wlm.Model;

/**
 * A request on its way through TorchServe's queue and a worker.
 *
 * <p>A RestJob without a channel: it keeps TorchServe's latency metrics, and leaves the answering
 * to us. Its methods are called by the worker's thread.
 */
final class TaggerJob extends RestJob {
    // As in WorkerThread; what else comes as an error is a batch that the handler failed.
    private static final String WORKER_DIED = "Worker died.";

    /** Who waits for the answer; called from any thread, perhaps after nobody waits any more. */
    interface Client {
        boolean isWaiting();

        void answered(int status, String contentType, Map<String, String> headers, byte[] body);

        void failed(Problem problem);
    }

    private final Model model;
    private final Tenancy tenancy;
    private final Client client;

    TaggerJob(Route route, RequestInput input, Tenancy tenancy, Client client) {
        super(null, route.modelName, route.version, WorkerCommands.PREDICT, input);
        this.model = route.model;
        this.tenancy = tenancy;
        this.client = client;
    }

    @Override
    public void response(
            byte[] body,
            CharSequence contentType,
            int status,
            String phrase,
            Map<String, String> headers) {
        // A handler that refuses to work, with 5xx, says nothing of how fast work is done.
        tenancy.end(status < 500);
        client.answered(
                status, contentType == null ? "" : contentType.toString(), headers, body);
        super.response(body, contentType, status, phrase, headers);
        recordWait(getScheduled());
    }

    @Override
    public void sendError(int status, String error) {
        tenancy.end(false);
        client.failed(
                WORKER_DIED.equals(error)
                        ? Problem.workerLost(
                                "The worker that had this request was lost; send it again.")
                        : Problem.internal());
    }

    @Override
    public boolean isOpen() {
        return client.isWaiting();
    }

    /** Takes the job out of the queue; does nothing if a worker has it already. */
    void withdraw() {
        if (JobQueue.remove(model, this)) {
            recordWait(System.nanoTime());
            tenancy.end(false);
        }
    }

    /** Those that gave up waiting count, too: they waited longest. */
    private void recordWait(long untilNs) {
        double seconds = (untilNs - getBegin()) / 1e9;
        Metrics.add(
                "hangtag_queue_seconds", seconds, model.getModelName(), model.getVersion());
    }

    Tenancy tenancy() {
        return tenancy;
    }

    /** The seconds after which a worker that has the job has answered or been killed. */
    long longestServiceS() {
        return model.getResponseTimeout();
    }
}
