"""What is in a dataset folder, as one page to look through before training."""
