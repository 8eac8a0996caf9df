"""The settings that a command was given; the others are the defaults of the kind of run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hangtag.cli.console import expand_home
from hangtag.cli.wording import option
from hangtag.errors import DataInvalid, SettingsInvalid
from training.settings import FLAT_NAMES, SETTING_NAMES

# What has an option of its own, which says more than a setting could.
_OPTIONS = {"data": "data", "data.folder": "data", "quick": "quick"}


def given_settings(more: Sequence[str] | None, named: Mapping[str, object]) -> dict[str, Any]:
    """Return what `--set NAME=VALUE` and the options of their own say, by dotted name.

    named : what the options say; None is not given

    Raises
    ------
    SettingsInvalid : naming what to write instead.
    """
    explicit = {name: value for name, value in named.items() if value is not None}
    return {**_named_values(more or []), **explicit}


def given_folder(data: Path) -> Path:
    """Return the dataset folder that a command was given.

    Raises
    ------
    DataInvalid : if there is none.
    """
    folder = expand_home(data)
    require_folder(folder)
    return folder


def require_folder(folder: Path) -> None:
    """Check that there is a dataset folder.

    Raises
    ------
    DataInvalid : if there is none.
    """
    if not folder.exists():
        raise DataInvalid(f"{folder} does not exist; give the folder of the dataset.")
    if not folder.is_dir():
        raise DataInvalid(f"{folder} is a file; give the folder of the dataset.")


def _named_values(texts: Sequence[str]) -> dict[str, str]:
    """Return {"loss.name": "bce"} of ["loss.name=bce"]."""
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        _require_todays(name, value or "VALUE")
        if not equals:
            written = option("set", name + "=VALUE")
            raise SettingsInvalid(f"{option('set', name)} names no value; write {written}.")
        values[name] = value
    return values


def _require_todays(name: str, value: str) -> None:
    if name in _OPTIONS:
        raise SettingsInvalid(
            f"{option('set')} takes no {name}: it has an option of its own, "
            f"{option(_OPTIONS[name])}."
        )
    if name not in SETTING_NAMES and name in FLAT_NAMES:
        dotted = FLAT_NAMES[name]
        raise SettingsInvalid(
            f"{name} is now {dotted}; write {option('set', f'{dotted}={value}')}."
        )
