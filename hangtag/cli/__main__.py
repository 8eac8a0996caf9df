"""`python -m hangtag.cli`: the same as `hangtag`, for where it is not on the PATH."""

from hangtag.cli.app import app, main

__all__ = ["app"]

if __name__ == "__main__":
    main()
