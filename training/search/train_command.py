"""The command that trains with what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from training.command_line import next_step, python_module

# The options of their own, and make's variables of them.
_OPTIONS = {
    "network.backbone": ("--backbone", "BACKBONE"),
    "network.weights": ("--weights", "WEIGHTS"),
    "optimizer.lr": ("--learning-rate", "RATE"),
}
# What make passes on as it is, where it takes a list of settings apart at spaces.
_PLAIN = re.compile(r"[\w.,:/=+-]*", re.ASCII)


def train_command(data: Path, chosen: Mapping[str, object], *, quick: bool = False) -> str:
    """Return the command that trains on a dataset folder; None leaves a setting out.

    It is `make train`, unless a setting's value is one that make would take apart.
    """
    chosen = {name: value for name, value in chosen.items() if value is not None}
    rest = [f"{name}={value}" for name, value in chosen.items() if name not in _OPTIONS]
    if not all(map(_PLAIN.fullmatch, rest)):
        return _module_command(data, chosen, rest, quick=quick)
    options = {
        "DATA": data,
        **({"QUICK": 1} if quick else {}),
        **{make: chosen[name] for name, (_, make) in _OPTIONS.items() if name in chosen},
    }
    return next_step("train", **options) + (f' SET="{" ".join(rest)}"' if rest else "")


def _module_command(
    data: Path, chosen: Mapping[str, object], rest: list[str], *, quick: bool
) -> str:
    words: list[object] = ["training", "train", "--data", data, *(["--quick"] if quick else [])]
    for name, (option, _) in _OPTIONS.items():
        if name in chosen:
            words += [option, chosen[name]]
    for setting in rest:
        words += ["--set", setting]
    return python_module(*words)
