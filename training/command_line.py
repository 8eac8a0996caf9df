"""The workshop's commands as the operator can copy them: of make, and of Python."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from hangtag.cli.usage import said_plainly
from hangtag.cli.wording import option

# The commands of the workshop import all that they say from here.
__all__ = ["next_step", "option", "python_module", "said_plainly"]


def next_step(target: str, **options: object) -> str:
    """Return a make target with its variables, quoted so that a shell takes them as they are."""
    words = [f"{name}={shlex.quote(str(value))}" for name, value in options.items()]
    return " ".join(["make", target, *words])


def python_module(*words: object) -> str:
    """Return a command of a module that make has no target for, with the Python that runs now."""
    python = Path(sys.executable)
    here = Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    return " ".join(shlex.quote(str(word)) for word in (shown, "-m", *words))
