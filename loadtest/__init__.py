"""Load tests against a running server, and how much load a server takes."""
