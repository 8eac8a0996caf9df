/** What all connections share. */
final class Frontend {
    final FrontendSettings settings;
    final BodyBudget budget;
    final Admission admission;
    final Drain drain = new Drain();

    Frontend(FrontendSettings settings) {
        this.settings = settings;
        budget = new BodyBudget(settings.bodyBudgetBytes);
        admission = new Admission(settings.timeLimitMs);
    }
}
