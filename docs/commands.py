"""The reference of the command line: every command's `--help`, as one page of Markdown."""

from collections.abc import Iterator
from typing import Any

import typer

from hangtag.cli.app import app

_WIDTH = 96
_INTRODUCTION = """# Commands
Every command, as its `--help` says. `make` has the same under [targets of its own](make.md).
"""


def command_reference() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for name, command in commands():
        parts.append(f"## {name}\n\n```text\n{_help(name, command).strip()}\n```\n")
    return "\n".join(parts)


def commands() -> Iterator[tuple[str, Any]]:
    """Yield each command's whole name and the command, groups before what is in them."""
    yield from _below("hangtag", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    # The house's commands are stand-ins until they are called.
    command = command.load() if hasattr(command, "load") else command
    yield name, command
    if not hasattr(command, "list_commands"):
        return
    context = _context(name, command)
    for verb in command.list_commands(context):
        yield from _below(f"{name} {verb}", command.get_command(context, verb))


def _help(name: str, command: Any) -> str:
    # Rich draws boxes, for terminals.
    command.rich_markup_mode = None
    return str(command.get_help(_context(name, command)))


def _context(name: str, command: Any) -> Any:
    return command.context_class(
        command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
