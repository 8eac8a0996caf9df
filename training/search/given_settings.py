"""The settings that a command was given; the others are the defaults of the kind of run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.__main__ import _named_values


def given_settings(more: Sequence[str] | None, **named: object) -> dict[str, Any]:
    """Return what `--set NAME=VALUE` and the options of their own say; None is not given."""
    explicit = {name: value for name, value in named.items() if value is not None}
    return {**_named_values(list(more or [])), **explicit}
