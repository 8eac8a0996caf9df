"""The container image: building it, running it, and what fills it."""
