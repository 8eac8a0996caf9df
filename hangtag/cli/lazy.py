"""A command group that imports a command only when it is called: `--help` waits for none."""

import importlib
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from hangtag.cli import rooms
from hangtag.cli.commands import COMMANDS, EXAMPLES, Command
from hangtag.errors import CommandUnavailable


class LazyCommand(TyperCommand):
    """Stands for a command until it is called."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(name, help=command.help)
        self._command = command

    def load(self) -> Any:
        """Import the command and return it, with examples below its help."""
        module, _, attribute = self._command.place.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        loaded: Any = typer.main.get_command(
            found if isinstance(found, typer.Typer) else _app_of(found)
        )
        loaded.name = self.name
        _show_examples(loaded, str(self.name), self._command.example)
        return loaded

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse a call of the command, which is imported for it."""
        return self.load().make_context(*arguments, **options)

    @property
    def commands(self) -> Any:
        """Those of a group; an AttributeError of others."""
        return self.load().commands


class LazyGroup(TyperGroup):
    """All commands whose room is there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {
            name: LazyCommand(name, command)
            for name, command in COMMANDS.items()
            if rooms.is_there(command.room)
        }

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command.

        Raises
        ------
        CommandUnavailable : if its room is not installed.
        """
        found = self.commands.get(cmd_name)
        if found is None and cmd_name in COMMANDS and not ctx.resilient_parsing:
            raise CommandUnavailable(
                f"`hangtag {cmd_name}` belongs to {COMMANDS[cmd_name].room}/, which is not "
                "installed here; run it from the project's checkout."
            )
        return found

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each panel with what they do, in whole sentences."""
        del ctx
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.commands:
            panels.setdefault(COMMANDS[name].panel, []).append((name, COMMANDS[name].help))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows, col_max=18)


def _show_examples(command: Any, name: str, example: str) -> None:
    """Write an example below the help of a command, and of those in it."""
    command.epilog = f"Example: hangtag {name} {example}".rstrip()
    for verb, inner in getattr(command, "commands", {}).items():
        _show_examples(inner, f"{name} {verb}", EXAMPLES.get(f"{name} {verb}", ""))


def _app_of(function: Any) -> typer.Typer:
    app = typer.Typer(add_completion=False)
    app.command()(function)
    return app
