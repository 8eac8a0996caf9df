import java.util.List;
import org.pytorch.serve.metrics.IMetric;
import org.pytorch.serve.metrics.MetricCache;

/** The front end's metrics, as serve_config/metrics.yaml declares them under ts_metrics. */
final class Metrics {
    private Metrics() {}

    /** Adds to a counter, sets a gauge, or lets a histogram observe the value. */
    static void add(String metric, double value, String... dimensions) {
        // Null if metrics.yaml does not declare it.
        IMetric declared = MetricCache.getInstance().getMetricFrontend(metric);
        if (declared != null) {
            declared.addOrUpdate(List.of(dimensions), value);
        }
    }
}
