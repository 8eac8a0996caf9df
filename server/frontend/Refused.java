/** A request that gets a problem for an answer. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    final transient Problem problem;

    Refused(Problem problem) {
        // No stack trace: refusals must be cheap.
        super(problem.detail, null, false, false);
        this.problem = problem;
    }
}
