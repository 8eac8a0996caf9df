"""Settings in the words of whoever runs a command: `--run X` in a shell, `RUN=X` under make.

Libraries name settings as they know them, `weights=none` or `skip_bad=true`, and commands as
`hangtag train`; what an operator has to type is known here alone.
"""

from __future__ import annotations

import os
import re
import shlex

# Where make's name of an option is not its own in capitals.
_VARIABLES = {"learning-rate": "RATE"}
# What has an option of its own, and which of these are switches.
_OPTIONS = (
    *("archive", "backbone", "bundle", "data", "out", "port", "resume", "run", "study", "weights"),
)
_SWITCHES = ("quick", "skip_bad")
_COMMAND = re.compile(r"`hangtag (?:labels )?(?=[a-z])")
_NAMED = re.compile(rf"(?<![\w.-])(?:({'|'.join(_SWITCHES)})=true|({'|'.join(_OPTIONS)})=)")


def is_under_make() -> bool:
    """Whether make has started this process."""
    return bool(os.environ.get("MAKELEVEL"))


def option(name: str, value: object = None) -> str:
    """Return an option as the operator writes it: `RUN=runs/a` under make, else `--run runs/a`."""
    text = None if value is None else shlex.quote(str(value))
    if is_under_make():
        variable = _VARIABLES.get(name, name.upper().replace("-", "_"))
        return variable if text is None else f"{variable}={text}"
    return f"--{name}" if text is None else f"--{name} {text}"


def in_operators_words(sentence: str) -> str:
    """Return a library's sentence with its settings and commands as the operator writes them."""
    if is_under_make():
        sentence = _COMMAND.sub("`make ", sentence)
    return _NAMED.sub(lambda named: _written(*named.groups()), sentence)


def _written(switch: str | None, name: str) -> str:
    if switch is not None:
        return f"{switch.upper()}=1" if is_under_make() else f"--{switch.replace('_', '-')}"
    return f"{name.upper()}=" if is_under_make() else f"--{name} "
