import java.lang.reflect.Field;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingDeque;
import org.pytorch.serve.job.Job;
import org.pytorch.serve.wlm.Model;

/** Takes requests out of TorchServe's queue, which offers no way to do so. */
final class JobQueue {
    private static final String FIELD = "jobsDb";

    private JobQueue() {}

    /** Fails at the start, and not at the first client that leaves, with another TorchServe. */
    static void requireThisTorchServe() {
        if (!ConcurrentMap.class.isAssignableFrom(field().getType())) {
            throw new IllegalStateException("This TorchServe keeps its queues in another form.");
        }
    }

    /** Returns false if the job is not there any more: a worker has taken it. */
    static boolean remove(Model model, Job job) {
        try {
            Object queue =
                    ((ConcurrentMap<?, ?>) field().get(model)).get(Model.DEFAULT_DATA_QUEUE);
            return queue != null && ((BlockingDeque<?>) queue).remove(job);
        } catch (IllegalAccessException error) {
            throw new IllegalStateException(error);
        }
    }

    private static Field field() {
        return Holder.FIELD;
    }

    private static final class Holder {
        static final Field FIELD = find();

        private static Field find() {
            try {
                Field field = Model.class.getDeclaredField(JobQueue.FIELD);
                field.setAccessible(true);
                return field;
            } catch (NoSuchFieldException error) {
                throw new IllegalStateException(
                        "This TorchServe is not 0.12: its Model has no " + JobQueue.FIELD, error);
            }
        }
    }
}
