"""What goes wrong in loadtest, beside the errors of the core."""

from hangtag.errors import SetupError


class LoadTestFailed(SetupError):
    """A load test could not be run, or missed its limits."""
