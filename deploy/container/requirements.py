"""`python requirements.py PYPROJECT EXTRA …`: what the project and its extras need, a line each.

Runs while the image is built, on Python alone: pip can install a project with its extras, but not
the extras without the project.
"""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path


def requirements(pyproject: str, extras: Sequence[str]) -> list[str]:
    """Return the requirements that a pyproject.toml names for its extras."""
    project = tomllib.loads(pyproject)["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(line for extra in extras for line in optional[extra])]


if __name__ == "__main__":
    print("\n".join(requirements(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2:])))
