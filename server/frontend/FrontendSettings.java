import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import org.pytorch.serve.util.ConfigManager;

/** The hangtag.* keys of config.properties; server/settings.py checks their ranges. */
final class FrontendSettings {
    private static final String PREFIX = "hangtag.";

    final long timeLimitMs;
    final long readTimeoutMs;
    final long idleTimeoutMs;
    final long bodyBudgetBytes;
    final int maxRequestBytes;

    private FrontendSettings(Properties properties, int maxRequestBytes) {
        Set<String> unknown = new HashSet<>();
        for (String name : properties.stringPropertyNames()) {
            if (name.startsWith(PREFIX)) {
                unknown.add(name);
            }
        }
        timeLimitMs = read(properties, unknown, "time_limit_ms", 10_000);
        readTimeoutMs = read(properties, unknown, "read_timeout_ms", 30_000);
        idleTimeoutMs = read(properties, unknown, "idle_timeout_ms", 120_000);
        bodyBudgetBytes = read(properties, unknown, "body_budget_bytes", 268_435_456);
        this.maxRequestBytes = maxRequestBytes;
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("config.properties has unknown keys: " + unknown);
        }
    }

    static FrontendSettings of(ConfigManager configuration) {
        return new FrontendSettings(
                configuration.getConfiguration(), configuration.getMaxRequestSize());
    }

    /** From a request's first byte to its answer, at most. */
    long longestRequestMs() {
        return readTimeoutMs + timeLimitMs;
    }

    private static long read(
            Properties properties, Set<String> unread, String name, long standard) {
        unread.remove(PREFIX + name);
        String value = properties.getProperty(PREFIX + name, String.valueOf(standard)).trim();
        if (!value.matches("[1-9][0-9]{0,14}")) {
            throw new IllegalArgumentException(
                    "config.properties: "
                            + (PREFIX + name + "=" + value)
                            + " is no positive number.");
        }
        return Long.parseLong(value);
    }
}
