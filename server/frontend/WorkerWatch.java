import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.pytorch.serve.wlm.Model;
import org.pytorch.serve.wlm.ModelManager;
import org.pytorch.serve.wlm.ModelVersionedRefs;
import org.pytorch.serve.wlm.WorkerState;
import org.pytorch.serve.wlm.WorkerThread;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how many workers are ready, and how often one was started anew; TorchServe does neither.
 *
 * <p>A worker that comes back has another process id. It needs a second at least to load Python,
 * so that looking every half second misses none.
 */
final class WorkerWatch {
    private static final Logger LOGGER = LoggerFactory.getLogger(WorkerWatch.class);
    private static final long INTERVAL_MS = 500;

    private final Map<String, Integer> pids = new HashMap<>();
    private final Set<String> begun = new HashSet<>();

    void start() {
        ScheduledExecutorService executor =
                Executors.newSingleThreadScheduledExecutor(
                        task -> {
                            Thread thread = new Thread(task, "worker-watch");
                            thread.setDaemon(true);
                            return thread;
                        });
        executor.scheduleWithFixedDelay(this::look, 0, INTERVAL_MS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            ModelManager manager = ModelManager.getInstance();
            // Null until TorchServe has begun to start.
            if (manager != null) {
                for (Map.Entry<String, ModelVersionedRefs> each : manager.getAllModels()) {
                    each.getValue().getAllVersions().forEach(version -> look(version.getValue()));
                }
            }
        } catch (RuntimeException error) {
            // One that got out would end the watch for good.
            LOGGER.error("The workers could not be counted.", error);
        }
    }

    private void look(Model model) {
        String name = model.getModelName();
        String version = model.getVersion();
        if (begun.add(name + "/" + version)) {
            beginAtZero(name, version);
        }
        List<WorkerThread> workers =
                ModelManager.getInstance().getWorkers(model.getModelVersionName());
        long ready =
                workers.stream()
                        .filter(each -> each.getState() == WorkerState.WORKER_MODEL_LOADED)
                        .count();
        long restarted = workers.stream().filter(this::isAnother).count();
        Metrics.add("hangtag_workers_ready", ready, name, version);
        Metrics.add("hangtag_workers_wanted", model.getMinWorkers(), name, version);
        Metrics.add("hangtag_worker_restarts_total", restarted, name, version);
    }

    /** Whether another process has taken the worker's place since the last look. */
    private boolean isAnother(WorkerThread worker) {
        int pid = worker.getPid();
        // Below 1 before the first process has told its own.
        Integer known = pid < 1 ? null : pids.put(worker.getWorkerId(), pid);
        return known != null && known != pid;
    }

    /** A counter that is born with its first error would hide that error: rates need two values. */
    private static void beginAtZero(String name, String version) {
        Metrics.add("hangtag_answers_total", 0, name, version, "200", Problem.OK);
        Problem.ofOurFault().forEach(
                (code, status) ->
                        Metrics.add(
                                "hangtag_answers_total",
                                0,
                                name,
                                version,
                                String.valueOf(status),
                                code));
    }
}
