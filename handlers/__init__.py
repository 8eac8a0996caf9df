"""The TorchServe side of serving: thin, all decisions are the core's."""
