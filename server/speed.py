"""How fast a bundle is on this machine in each precision, and which one it is served in.

Measured where an archive is packed and kept in serve_config/speeds.json, by machine and bundle, so
that starting costs nothing and all workers of a server compute in the same numbers.
"""

import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from hangtag.bundle import Bundle
from hangtag.engine import Precision, load_engine, supported_precisions
from hangtag.errors import BundleInvalid
from hangtag.hardware import read_cpu
from server.settings import SERVE_CONFIG

logger = logging.getLogger(__name__)

SPEEDS = SERVE_CONFIG / "speeds.json"
# Another precision than the engine's own choice must be this much faster: less is noise, and
# answers should not change with it.
_CLEARLY_FASTER = 1.1
_MEASURED_S = 0.4
_MOST_KEPT = 20


class Speed(BaseModel):
    """Photos a second of one process with all cores, and the precision that was chosen by them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    machine: str
    bundle: str
    precision: Precision
    photos_per_second: dict[Precision, float]

    @property
    def served(self) -> float:
        """Photos a second in the precision that is served."""
        return self.photos_per_second[self.precision]


_Speeds = TypeAdapter(list[Speed])


def measure_speed(bundle: Bundle) -> Speed:
    """Measure every precision that the bundle offers and this machine computes.

    Raises
    ------
    BundleInvalid : if none of them runs.
    """
    measured: dict[Precision, float] = {}
    # From slow to fast: `auto` takes the last one that the bundle offers.
    for precision in supported_precisions():
        if precision in bundle.models:
            try:
                measured[precision] = _photos_per_second(bundle, precision)
            except RuntimeError as error:
                # As under hypervisors that promise what they do not have.
                logger.warning("Without %s, which does not run here: %s", precision, error)
    if not measured:
        raise BundleInvalid(
            f"The network of {bundle.folder} runs in no precision on this machine: "
            f"{', '.join(supported_precisions())} were tried; make the bundle again."
        )
    return Speed(
        machine=read_cpu().described,
        bundle=bundle.digest,
        precision=fastest(measured),
        photos_per_second=measured,
    )


def fastest(photos_per_second: Mapping[Precision, float]) -> Precision:
    """Return the precision to serve in: the last one, if no other is clearly faster."""
    own_choice = list(photos_per_second)[-1]
    best = max(photos_per_second, key=lambda each: photos_per_second[each])
    is_clear = photos_per_second[best] > _CLEARLY_FASTER * photos_per_second[own_choice]
    return best if is_clear else own_choice


def remember_speed(speed: Speed, path: Path = SPEEDS) -> None:
    """Keep what was measured; where the folder cannot be written, do without."""
    others = [each for each in _read(path) if _key(each) != _key(speed)]
    kept = [each.model_dump() for each in [*others, speed][-_MOST_KEPT:]]
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        logger.info("What was measured is not kept: %s", error)


def known_speed(bundle_digest: str, path: Path = SPEEDS) -> Speed | None:
    """Return what was measured of this bundle on this machine, if it was."""
    wanted = (read_cpu().described, bundle_digest)
    return next((each for each in _read(path) if _key(each) == wanted), None)


def _read(path: Path) -> list[Speed]:
    try:
        return _Speeds.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        # It can be measured anew at any time.
        return []


def _key(speed: Speed) -> tuple[str, str]:
    return speed.machine, speed.bundle


def _photos_per_second(bundle: Bundle, precision: Precision) -> float:
    """Return the best of many short runs: what else the machine does only slows them."""
    engine = load_engine(bundle.models, precision=precision)
    size_px = bundle.manifest.preprocessing.size_px
    photos = np.zeros((engine.max_batch_size, 3, size_px, size_px), dtype=np.uint8)
    best_s, give_up_at = float("inf"), time.perf_counter() + _MEASURED_S
    while best_s == float("inf") or time.perf_counter() < give_up_at:
        started = time.perf_counter()
        engine.run(photos)
        best_s = min(best_s, time.perf_counter() - started)
    return round(len(photos) / best_s, 1)
