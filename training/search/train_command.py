"""The command that trains with what was found."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

_VARIABLES = {"backbone": "BACKBONE", "weights": "WEIGHTS", "learning_rate": "RATE"}


def train_command(data: Path, chosen: Mapping[str, object], *, quick: bool = False) -> str:
    """Return the `make train` of a dataset folder with settings; None leaves a setting out."""
    chosen = {name: value for name, value in chosen.items() if value is not None}
    words = ["make train", f"DATA={shlex.quote(str(data))}", *(["QUICK=1"] if quick else [])]
    words += [
        f"{variable}={shlex.quote(str(chosen[name]))}"
        for name, variable in _VARIABLES.items()
        if name in chosen
    ]
    rest = " ".join(f"{name}={value}" for name, value in chosen.items() if name not in _VARIABLES)
    return " ".join([*words, *([f'SET="{rest}"'] if rest else [])])
