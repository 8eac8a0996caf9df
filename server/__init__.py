"""Starts TorchServe with one archive, says when it is ready, and stops all of it."""
