"""Settings from what was given, and for the rest what suits the kind of run."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault
from hangtag.near_names import either, name_hint, near_names
from training.settings.composed import FLAT_NAMES, SETTING_NAMES, TrainingSettings, nested
from training.settings.parts import PACKAGED, PACKAGED_BACKBONE

# From scratch there is nothing to freeze, and more, smaller photos teach more in the same time.
_FROM_SCRATCH: dict[str, object] = {
    "schedule.epochs": 14,
    "schedule.head_epochs": 0,
    "data.size_px": 112,
    "optimizer.lr": 2e-3,
    "optimizer.backbone_lr_mult": 1.0,
    "network.dropout": 0.0,
}
_PRETRAINED: dict[str, object] = {
    "schedule.epochs": 8,
    "schedule.head_epochs": 25,
    "data.size_px": 224,
    "optimizer.lr": 1e-3,
    "optimizer.backbone_lr_mult": 0.1,
    "network.dropout": 0.2,
}
# A small network, which learns as fast as its head, and for which two cores are enough.
_PACKAGED: dict[str, object] = {
    **_PRETRAINED,
    "schedule.epochs": 10,
    "optimizer.backbone_lr_mult": 1.0,
    "network.dropout": 0.4,
}
# How a head is fitted to embeddings.
_HEAD: dict[str, object] = {
    "data.batch_size": 128,
    "optimizer.lr": 2e-3,
    "optimizer.weight_decay": 0.3,
    "network.dropout": 0.5,
}
_QUICK: dict[str, object] = {
    **_PRETRAINED,
    **_HEAD,
    "network.backbone": PACKAGED_BACKBONE,
    "schedule.epochs": 25,
    "schedule.head_epochs": 0,
}
_FINE_TUNED = {"none": _FROM_SCRATCH, PACKAGED: _PACKAGED}

# What says how the backbone learns, or how photos are changed while it does.
_NOT_FOR_QUICK = {name for name in SETTING_NAMES if name.startswith("augmentation.")} | {
    "data.balance_max_count",
    "data.train_size_px",
    "hardware.compile",
    "hardware.devices",
    "loss.contrastive_group",
    "loss.contrastive_weight",
    "network.frozen_depth",
    "optimizer.accumulate",
    "optimizer.ema",
    "schedule.head_epochs",
    "schedule.patience",
}


def make_settings(data: Path, given: Mapping[str, object] | None = None) -> TrainingSettings:
    """Return settings: what was given, and for the rest what suits the kind of run.

    given : values by dotted name; None is not given

    Raises
    ------
    SettingsInvalid : naming the setting and what is wrong with it.
    """
    chosen = {name: value for name, value in (given or {}).items() if value is not None}
    _require_known(chosen)
    quick = chosen.get("quick") is True
    packaged = quick and chosen.get("network.backbone", PACKAGED_BACKBONE) == PACKAGED_BACKBONE
    weights = str(chosen.get("network.weights") or (PACKAGED if packaged else "imagenet"))
    if quick:
        _require_quick(weights, chosen)
    defaults = _QUICK if quick else _FINE_TUNED.get(weights, _PRETRAINED)
    values = {**defaults, **chosen, "data.folder": data, "network.weights": weights}
    return _validated(values)


def _require_known(names: Iterable[str]) -> None:
    for name in names:
        if name not in SETTING_NAMES:
            raise SettingsInvalid(f"The setting {name} is unknown; {_hint(name)}")


def _hint(name: str) -> str:
    part, _, last = name.rpartition(".")
    of_part = [known for known in SETTING_NAMES if part and known.startswith(f"{part}.")]
    near = [FLAT_NAMES[known] for known in near_names(last, FLAT_NAMES)]
    if not of_part:
        near = near_names(name, SETTING_NAMES) + near
    if near:
        return f"did you mean {either(list(dict.fromkeys(near))[:3])}?"
    there = f"there are: {', '.join(of_part)}" if of_part else name_hint(name, SETTING_NAMES)
    return f"{there}."


def _require_quick(weights: str, chosen: Mapping[str, object]) -> None:
    if weights == "none":
        raise SettingsInvalid("quick=true learns nothing from random weights; give others.")
    if ignored := sorted(_NOT_FOR_QUICK & chosen.keys()):
        raise SettingsInvalid(
            f"quick=true fits only the head, to photos as they are; leave {ignored[0]} out."
        )


def _validated(values: Mapping[str, object]) -> TrainingSettings:
    try:
        return TrainingSettings.model_validate(nested(values))
    except ValidationError as error:
        fault = first_fault(error, TrainingSettings)
        # The step to an entry of a list is a number.
        place = ".".join(step for step in fault.steps if isinstance(step, str))
        wrong = "" if fault.what.startswith("is wrong") else "is wrong: it "
        raise SettingsInvalid(f"The setting {place} {wrong}{fault.what}.") from error


def head_phase(settings: TrainingSettings) -> TrainingSettings:
    """Return the settings of the phase before the whole network learns."""
    return settings.with_values({**_HEAD, "schedule.epochs": settings.schedule.head_epochs})
