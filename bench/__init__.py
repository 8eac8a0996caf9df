"""Measures Hangtag beside TorchServe's own handler and the engine's limit, in one run."""
