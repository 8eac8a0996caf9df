"""What is wrong with a command's options, in one sentence, in the words they were given in."""

import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from hangtag.cli.commands import ELSEWHERE
from hangtag.cli.console import one_sentence_errors
from hangtag.cli.wording import is_under_make, option
from hangtag.near_names import either, name_hint, near_names

# typer has no public name for it.
_UsageError: Any = typer.BadParameter.__bases__[0]
_WRONG_USE = 2
# What typer takes over from pydantic, and what a Makefile's user is told.
_OUR_WORDS = (
    (r"valid (?:number|float)", "must be a number"),
    (r"valid integer", "must be a whole number"),
    (r"greater than or equal to ([\d.]+)", r"must be at least \1"),
    (r"less than or equal to ([\d.]+)", r"must be at most \1"),
    (r"Input should be ('.*')", r"must be \1"),
)
# What other tools call an option.
_CALLED = {"--lr": "--learning-rate", "--rate": "--learning-rate", "--output": "--out"}
# What a word alone is most often meant for.
_USUAL = ("data", "run")
# What an option that is missing asks for, and an example.
_ASKED = {
    "run": ("which run", "runs/NAME"),
    "data": ("which dataset folder", "FOLDER"),
    "out": ("where the new dataset goes", "FOLDER"),
}


def said_plainly(
    app: Callable[..., object], prog_name: str | None = None
) -> Callable[[], NoReturn]:
    """Return a command line that says in one sentence what is wrong with its options.

    prog_name : what the help calls it, if that is not the file that was started

    Raises, when called
    -------------------
    SystemExit : with the command's exit code, 2 for wrong options.
    """

    @one_sentence_errors
    def run() -> NoReturn:
        try:
            code = app(standalone_mode=False, prog_name=prog_name)
        except typer.Abort:
            sys.exit(1)
        except _UsageError as error:
            _explain(error)
            sys.exit(_WRONG_USE)
        sys.exit(code if isinstance(code, int) else 0)

    return run


def _explain(error: Any) -> None:
    sentence = _sentence(error)
    if sentence is None:
        error.show()
    else:
        print(sentence, file=sys.stderr)


def _sentence(error: Any) -> str | None:
    """Return what is wrong; None where help was asked for by giving nothing."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return None
    named = getattr(error, "param", None)
    if named is None or not named.opts[0].startswith("--"):
        return (
            f"{_unknown(error) or error.format_message().rstrip('.')}; --help lists what there is."
        )
    if type(error).__name__ == "MissingParameter":
        return _missing(named)
    return f"{option(_name(named))} {_wrong(error.message)}."


def _unknown(error: Any) -> str | None:
    """Return what is said of a command, an option or a word that is not known; None of others."""
    command = getattr(error.ctx, "command", None)
    if found := re.match(r"No such command '(.*?)'", error.message):
        return _no_command(found[1], error.ctx)
    if type(error).__name__ == "NoSuchOption":
        near = _near_options(error, _options(command))
        return f"There is no option {error.option_name}{_meant(near)}"
    if found := re.match(r"Got unexpected extra argument.*? \((.*)\)$", error.message):
        free = {*_options(command)} - {*sys.argv}
        usual = next((each for each in _USUAL if f"--{each}" in free), None)
        meant = f"; write {option(usual, found[1])}" if usual else ""
        return f"{found[1]!r} belongs to no option{meant}"
    return None


def _near_options(error: Any, known: list[str]) -> list[str]:
    if (called := _CALLED.get(error.option_name)) in known:
        return [str(called)]
    near = near_names(error.option_name, known) or list(error.possibilities or [])
    return [name for name in near if name != "--help"]


def _no_command(name: str, context: Any) -> str:
    whole = f"{context.command_path} {name}".removeprefix("hangtag ")
    if found := ELSEWHERE.get(whole):
        return f"There is no command {whole!r} (it is `hangtag {found}`)"
    of = "" if context.parent is None else f" of `{context.command_path}`"
    near = near_names(name, list(context.command.commands))
    return f"There is no command {name!r}{of}{_meant(near)}"


def _options(command: Any) -> list[str]:
    return [name for parameter in command.params for name in parameter.opts]


def _meant(near: list[str]) -> str:
    return f" (did you mean {either(near)}?)" if near else ""


def _wrong(message: str) -> str:
    for theirs, ours in _OUR_WORDS:
        if found := re.search(theirs, message):
            return found.expand(ours)
    if found := re.search(r"'(.*)' is not one of (.*?)\.?$", message):
        known = re.findall(r"'(.*?)'", found[2])
        return f"is not {found[1]!r}: {name_hint(found[1], known)}"
    return f"is wrong: {message.rstrip('.')}"


def _missing(parameter: Any) -> str:
    name = _name(parameter)
    what, example = _ASKED.get(name, (f"the {name.replace('-', ' ')}", "VALUE"))
    if name == "out" and "table" in (parameter.help or ""):
        what, example = "which table to write", "tags.csv"
    return f"Say {what}: {option(name)}{'=' if is_under_make() else ' '}{example}."


def _name(parameter: Any) -> str:
    return str(parameter.opts[0]).removeprefix("--")
