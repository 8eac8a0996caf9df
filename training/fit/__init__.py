"""Learning: optimiser, schedule, checkpoints."""
