"""From a fresh machine to `.venv`: runs on Python alone, before anything is installed."""
