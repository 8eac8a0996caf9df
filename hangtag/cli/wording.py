"""Settings and commands in the words of whoever runs one: `--run X` in a shell, `RUN=X` of make.

Libraries name settings as they know them, `weights=none` or `skip_bad=true`, and commands as
`hangtag train data=folder`; what an operator has to type is known here alone.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

# Where make's name of an option is not its own in capitals.
_VARIABLES = {"learning-rate": "RATE"}
# Commands whose target of make has another name; None: it has none.
MAKE_TARGETS: Mapping[str, str | None] = {
    "bench model": "bench-model",
    "demo-catalogue": None,
    "bench serving": "bench-serving",
    "export check": "check-exports",
    "export write": None,
    "fetch": None,
    "image build": "image",
    "image contents": "image-contents",
    "labels consensus": "consensus",
    "labels migrate apply": None,
    "labels migrate plan": None,
    "labels mine": "mine",
    "openapi": None,
    "tag": None,
}
# What make passes on as it is, where it takes a list of settings apart at spaces.
_PLAIN = re.compile(r"[\w.,:/=+-]*", re.ASCII)
# What has an option of its own, and which of these are switches.
_OPTIONS = (
    *("archive", "backbone", "bundle", "data", "format", "host", "keys", "out", "photos", "port"),
    *("resume", "run", "study", "weights"),
)
_SWITCHES = ("quick", "skip_bad")
_NAMED = re.compile(rf"(?<![\w./?&=-])(?:({'|'.join(_SWITCHES)})=true|({'|'.join(_OPTIONS)})=)")
_COMMAND = re.compile(r"`hangtag ([a-z-]+(?: [a-z-]+)*)((?: [a-z_]+=[^`]*)?)`")


def is_under_make() -> bool:
    """Whether this project's Makefile has started this process; others' speak of other targets."""
    return bool(os.environ.get("HANGTAG_MAKE"))


def option(name: str, value: object = None) -> str:
    """Return an option as the operator writes it: `RUN=runs/a` under make, else `--run runs/a`."""
    return _option(name, value, by_make=is_under_make())


def command(verb: str, **options: object) -> str:
    """Return a command as the operator types it, quoted for a shell.

    options : True is a switch, a list is repeated, None and False are left out
    """
    given = {
        name.replace("_", "-"): value
        for name, value in options.items()
        if value is not None and value is not False and value != []
    }
    lists = [each for value in given.values() if isinstance(value, list) for each in value]
    target = MAKE_TARGETS.get(verb, verb)
    by_make = is_under_make() and target is not None and all(map(_PLAIN.fullmatch, lists))
    begin = f"make {target}" if by_make else f"{_program()} {verb}"
    return " ".join([begin, *(_option(*each, by_make=by_make) for each in given.items())])


def in_operators_words(sentence: str) -> str:
    """Return a library's sentence with its settings and commands as the operator writes them."""
    sentence = _COMMAND.sub(lambda said: _command_in_words(*said.groups()), sentence)
    return _in_words(sentence, by_make=is_under_make())


def _option(name: str, value: object, *, by_make: bool) -> str:
    variable = _VARIABLES.get(name, name.upper().replace("-", "_"))
    if isinstance(value, list):
        joined = " ".join(value)
        return f'{variable}="{joined}"' if by_make else _repeated(name, value)
    if value is True:
        return f"{variable}=1" if by_make else f"--{name}"
    if value is None:
        return variable if by_make else f"--{name}"
    text = shlex.quote(str(value))
    return f"{variable}={text}" if by_make else f"--{name} {text}"


def _repeated(name: str, values: list[str]) -> str:
    return " ".join(f"--{name} {shlex.quote(value)}" for value in values)


def _program() -> str:
    """Return what starts `hangtag` with the Python that runs now."""
    here, found = Path(sys.executable).with_name("hangtag"), shutil.which("hangtag")
    if found is not None and Path(found) == here:
        return "hangtag"
    if not here.is_file():
        return f"{shlex.quote(sys.executable)} -m hangtag.cli"
    folder = Path.cwd()
    return shlex.quote(str(here.relative_to(folder) if here.is_relative_to(folder) else here))


def _command_in_words(verb: str, options: str) -> str:
    target = MAKE_TARGETS.get(verb, verb)
    by_make = is_under_make() and target is not None
    begin = f"make {target}" if by_make else f"hangtag {verb}"
    return f"`{begin}{_in_words(options, by_make=by_make)}`"


def _in_words(sentence: str, *, by_make: bool) -> str:
    def written(named: re.Match[str]) -> str:
        switch, name = named.groups()
        if switch is not None:
            return f"{switch.upper()}=1" if by_make else f"--{switch.replace('_', '-')}"
        return f"{name.upper()}=" if by_make else f"--{name} "

    return _NAMED.sub(written, sentence)
