"""The settings that a command was given; the others are the defaults of the kind of run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hangtag.cli.wording import option
from hangtag.errors import SettingsInvalid


def given_settings(more: Sequence[str] | None, **named: object) -> dict[str, Any]:
    """Return what `--set NAME=VALUE` and the options of their own say; None is not given."""
    explicit = {name: value for name, value in named.items() if value is not None}
    return {**named_values(list(more or [])), **explicit}


def named_values(texts: list[str]) -> dict[str, str]:
    """Return {"loss": "bce"} of ["loss=bce"]."""
    pairs = [text.partition("=") for text in texts]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise SettingsInvalid(
            f"{option('set', wrong[0])} names no value; write {option('set', wrong[0] + '=VALUE')}."
        )
    if reserved := [name for name, _, _ in pairs if name in ("data", "quick")]:
        raise SettingsInvalid(
            f"{option('set')} takes no {reserved[0]}: it has an option of its own, "
            f"{option(reserved[0])}."
        )
    return {name: value for name, _, value in pairs}
