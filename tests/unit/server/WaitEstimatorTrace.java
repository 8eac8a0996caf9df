import java.util.Scanner;

/** Lets a test drive a WaitEstimator: one event a line, `wait` prints. */
public final class WaitEstimatorTrace {
    private WaitEstimatorTrace() {}

    public static void main(String[] arguments) {
        WaitEstimator estimator = new WaitEstimator(Long.parseLong(arguments[0]), 0);
        estimator.setSeats(Long.parseLong(arguments[1]));
        Scanner events = new Scanner(System.in, "US-ASCII");
        while (events.hasNext()) {
            String event = events.next();
            long atMs = events.nextLong();
            switch (event) {
                case "began":
                    estimator.began(atMs);
                    break;
                case "completed":
                    estimator.completed(atMs);
                    break;
                case "withdrawn":
                    estimator.withdrawn(atMs);
                    break;
                default:
                    System.out.println(estimator.waitMs(atMs));
                    System.out.flush();
            }
        }
    }
}
