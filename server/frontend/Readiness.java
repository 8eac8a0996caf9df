import java.util.Map;
import org.pytorch.serve.util.ApiUtils;
import org.pytorch.serve.wlm.Model;
import org.pytorch.serve.wlm.ModelManager;
import org.pytorch.serve.wlm.ModelVersionedRefs;
import org.pytorch.serve.wlm.WorkerState;

/** Whether requests may be sent here, which is what /ping says. TorchServe's own says yes early. */
final class Readiness {
    private Readiness() {}

    /** Returns why not; null if they may. */
    static Problem obstacle(Drain drain) {
        if (drain.hasBegun()) {
            return Problem.draining();
        }
        if (!ApiUtils.isModelHealthy()) {
            return Problem.workerLost(
                    "Workers were lost and do not come back; restart the server.");
        }
        return isLoaded() ? null : Problem.loading();
    }

    private static boolean isLoaded() {
        var models = ModelManager.getInstance().getAllModels();
        return !models.isEmpty()
                && models.stream()
                        .map(Map.Entry::getValue)
                        .map(ModelVersionedRefs::getDefaultModel)
                        .allMatch(Readiness::hasReadyWorker);
    }

    private static boolean hasReadyWorker(Model model) {
        return ModelManager.getInstance().getWorkers(model.getModelVersionName()).stream()
                .anyMatch(each -> each.getState() == WorkerState.WORKER_MODEL_LOADED);
    }
}
