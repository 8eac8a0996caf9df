"""TorchServe's Java side: our front end on the inference port (docs/adr/0004-front-end.md)."""
