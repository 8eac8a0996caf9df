"""The command that trains with what was found."""

from collections.abc import Mapping
from pathlib import Path

from hangtag.cli.wording import command

# Setting -> the option of its own.
_OPTIONS = {
    "network.backbone": "backbone",
    "network.weights": "weights",
    "optimizer.lr": "learning_rate",
}


def train_command(data: Path, chosen: Mapping[str, object], *, quick: bool = False) -> str:
    """Return the command that trains on a dataset folder; None leaves a setting out."""
    chosen = {name: value for name, value in chosen.items() if value is not None}
    rest = [f"{name}={value}" for name, value in chosen.items() if name not in _OPTIONS]
    own = {option: chosen.get(name) for name, option in _OPTIONS.items()}
    return command("train", data=data, quick=quick, **own, set=rest)
