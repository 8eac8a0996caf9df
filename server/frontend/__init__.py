"""TorchServe's Java side: one class of ours in front of it."""
