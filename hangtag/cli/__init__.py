"""The command line: how commands run, print and fail."""
