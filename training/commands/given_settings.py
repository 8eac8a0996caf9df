"""The settings that a command was given; the others are the defaults of the kind of run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hangtag.cli.console import expand_home
from hangtag.cli.wording import option
from hangtag.errors import SettingsInvalid
from training.layout import require_folder
from training.model.availability import require_network
from training.settings import FLAT_NAMES, SETTING_NAMES, TrainingSettings, make_settings

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


def possible_settings(data: Path, given: Mapping[str, object]) -> TrainingSettings:
    """Return the settings of a run on a dataset folder.

    What is wrong is found before torch is imported.

    Raises
    ------
    SettingsInvalid : naming the setting and what is wrong with it, or the backbones that are near.
    DataInvalid : if the folder has no layout that is known.
    WeightsUnavailable : if there is no such file of weights.
    """
    data = expand_home(data)
    require_folder(data)
    settings = make_settings(data, given)
    # It brings numpy.
    from training.data.readers import find_layout

    find_layout(data)
    require_network(settings)
    return settings


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
