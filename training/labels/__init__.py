"""Labels before training: mined from texts, agreed on by several workers, moved to new versions."""
